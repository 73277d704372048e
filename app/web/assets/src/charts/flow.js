// A flow, its nodes where the server puts them. Whatever is pointed at stands out with what it leads to.
const HEIGHT = 420;
const LABELS = 0.22;

export function flow({ nodes, links, tips }, _shown, { token, text, option }) {
  return {
    height: HEIGHT,
    option: {
      tooltip: {
        ...option.tooltip,
        trigger: "item",
        formatter: ({ dataType, dataIndex }) => tips[dataType === "edge" ? nodes.length + dataIndex : dataIndex],
      },
      series: [{
        type: "sankey", layoutIterations: 0, draggable: false, nodeWidth: 10, nodeGap: 24,
        left: 2, right: `${LABELS * 100}%`, top: 16, bottom: 16,
        data: nodes.map(({ name, depth, tone }, at) => ({
          id: String(at), name, depth, itemStyle: { color: token(`chart-${tone}`) },
        })),
        links,
        label: {
          ...text, formatter: ({ dataIndex }) => nodes[dataIndex].name,
          width: 120, overflow: "break", lineHeight: text.fontSize * 1.25,
          textBorderColor: token("bg"), textBorderWidth: 3,
        },
        lineStyle: { color: "source", opacity: 0.35 },
        emphasis: { focus: "adjacency", lineStyle: { opacity: 0.6 } },
        blur: { label: { opacity: 0.7 }, itemStyle: { opacity: 0.3 } },
      }],
    },
  };
}
