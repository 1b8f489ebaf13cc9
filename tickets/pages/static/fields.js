// Shows the extra fields of the chosen category; the others are hidden and not sent.

const category = document.querySelector("select[name=category]");
const sets = document.querySelectorAll("fieldset[data-fields-of]");

if (category instanceof HTMLSelectElement && sets.length > 0) {
  const show = () => {
    for (const set of sets) {
      if (!(set instanceof HTMLFieldSetElement)) continue;
      const chosen = ["", category.value].includes(set.dataset.fieldsOf ?? "");
      set.hidden = !chosen;
      set.disabled = !chosen;
    }
  };
  category.addEventListener("change", show);
  // A browser that goes back puts the old choice in without an event.
  window.addEventListener("pageshow", show);
  show();
}
