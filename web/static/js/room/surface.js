// Pages that a leader has on a PC or on a telephone: which of the two is told by the width, also while it changes.

const narrow = matchMedia("(max-width: 719px)");

function surface() {
  document.documentElement.dataset.surface = narrow.matches ? "phone" : "leader";
}

narrow.addEventListener("change", surface);
surface();
