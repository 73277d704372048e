// Until the script has come that renews parts of a page, a choice that would renew one asks for the
// whole page, with what is typed so far.
document.addEventListener("change", ({ target }) => {
  if (document.documentElement.dataset.renews || !target.matches("[hx-get]")) return;
  const left_out = target.getAttribute("hx-params").replace("not ", "").split(",");
  const typed = [...new FormData(target.form)].filter(([name, value]) => value && !left_out.includes(name));
  location.assign(`${target.getAttribute("hx-get")}?${new URLSearchParams(typed)}`);
});
