// The record on paper: the one key of its page.
document.getElementById("print")?.addEventListener("click", () => print());
