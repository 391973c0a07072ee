// Copy buttons, the colour scheme, and the order in which the page comes to life.
"use strict";

// A failure as it is pasted into an issue: its message, the repair of the first, and what made it.
bptt.markdown = (number) => {
  const { run } = bptt, failure = run.failures[number], search = number === 0 && run.searches.find((one) => one.check === failure.check);
  const fenced = (text, kind) => {
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
    const fence = "`".repeat(longest + 1);
    return `${fence}${kind}\n${text.trimEnd()}\n${fence}`;
  };
  const made = Object.entries(run.environment).map(([name, version]) => `${name} ${version}`).join(", ");
  const parts = [fenced(failure.message, "text"), search?.repair ? fenced(search.repair.diff, "diff") : "", [made, run.provenance.commit].filter(Boolean).join("; commit ")];
  return parts.filter(Boolean).join("\n\n") + "\n";
};

bptt.copyingFailures = () => {
  for (const button of bptt.$$("[data-markdown]")) {
    button.addEventListener("click", async () => {
      const done = await copy(bptt.markdown(Number(button.dataset.markdown)));
      bptt.$("#said").textContent = button.textContent = done ? "Copied" : "Not copied: the browser refused";
      setTimeout(() => { button.textContent = "Copy as Markdown"; }, 1500);
    });
  }
};

bptt.copying = () => {
  for (const code of bptt.$$("[data-copy]")) {
    const button = bptt.el("button", { type: "button", class: "copy-button" }, "Copy");
    button.setAttribute("aria-label", `Copy ${code.dataset.copy}`);
    button.addEventListener("click", async () => {
      const done = await copy(code.textContent);
      button.textContent = done ? "Copied" : "Selected";
      bptt.$("#said").textContent = done ? "Copied" : "Selected: copy with the keyboard";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    if (code.tagName !== "PRE") {
      code.after(button);
      continue;
    }
    const place = bptt.el("div", { class: "copyable" });
    code.replaceWith(place);
    place.append(code, button);
  }
};

// Where the clipboard is refused (a page opened from a file), the text is selected instead.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = bptt.el("textarea", { class: "hidden", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

bptt.scheme = () => {
  const button = bptt.$("#scheme");
  const schemes = ["auto", "light", "dark"];
  let now = 0;
  button.hidden = false;
  button.addEventListener("click", () => {
    now = (now + 1) % schemes.length;
    document.documentElement.dataset.scheme = schemes[now];
    bptt.$("span", button).textContent = schemes[now];
    bptt.recolour?.();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => bptt.recolour?.());
};

// What is folded on the screen is read on paper too, all but the long tables of what was covered.
bptt.unfolding = () => {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = bptt.$$("details:not([open])").filter((one) => one.closest("#top, #repair, #failures, #gradient"));
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
};

bptt.start = async () => {
  const embedded = JSON.parse(await bptt.inflate("records"));
  bptt.record = embedded.run;
  bptt.run = bptt.records(embedded.run, embedded.tables);
  bptt.page = embedded.page;
  document.documentElement.classList.add("scripted");
  bptt.readAddress();
  bptt.copying();
  bptt.copyingFailures();
  bptt.downloads();
  bptt.scheme();
  bptt.unfolding();
  if (bptt.$("#overview")) bptt.overview();
  if (bptt.$("#gradient")) bptt.gradient();
  bptt.go({});
  bptt.scroll();
  addEventListener("hashchange", () => {
    bptt.readAddress();
    bptt.go({});
    bptt.scroll();
  });
  document.documentElement.dataset.ready = "page";
  if (bptt.$("#rows-table")) await bptt.rows();
  await bptt.charts?.();
  bptt.go({});
  document.documentElement.dataset.ready = "all";
};

bptt.start();
