// A form is sent once, however often its button is pressed; the first thing that is wrong gets the focus.

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("data-under-way")) event.preventDefault();
    form.setAttribute("data-under-way", "");
  });
}

// Back from the next page out of the browser's memory: the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-under-way]")) form.removeAttribute("data-under-way");
});

document.getElementById("faults")?.focus();
