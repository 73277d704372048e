// Where a chart can be drawn again for pointer and keys, shows the button for it. What draws it is
// large and comes once, when it is first asked for.
let coming;

function charts(address) {
  coming ??= new Promise((ready, failed) => {
    const script = Object.assign(document.createElement("script"), { src: address, onload: ready });
    script.onerror = (fault) => {
      coming = undefined;
      script.remove();
      failed(fault);
    };
    document.head.append(script);
  });
  return coming;
}

async function turn(button) {
  const words = button.dataset;
  const figure = button.closest("figure");
  button.setAttribute("aria-busy", "true");
  try {
    await charts(words.script);
    button.textContent = globalThis.blaoCharts(figure, words) ? words.close : words.open;
  } catch {
    button.textContent = words.again;
  }
  button.removeAttribute("aria-busy");
}

function offer(part) {
  for (const button of part.querySelectorAll("[data-interactive][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", () => turn(button));
  }
}

offer(document);
document.body.addEventListener("htmx:load", (event) => offer(event.target));
