// The page's colours, letters and way of writing numbers, as they are when a chart is drawn.
export function look() {
  const root = getComputedStyle(document.documentElement);
  const token = (name) => root.getPropertyValue(`--${name}`).trim();
  const text = {
    color: token("ink"),
    fontFamily: getComputedStyle(document.body).fontFamily,
    fontSize: parseFloat(root.fontSize) * 0.8125,
  };
  const option = {
    animation: false,
    textStyle: text,
    tooltip: {
      renderMode: "richText",
      confine: true,
      transitionDuration: 0,
      backgroundColor: token("surface"),
      borderColor: token("border"),
      textStyle: { ...text, lineHeight: text.fontSize * 1.5 },
    },
  };
  return { token, text, option };
}

export function written(value) {
  return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 3 });
}
