"use strict";
const save = (name, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
};
const field = (name) => document.querySelector(`[name="${name}"]`).value;
document.querySelector("#copy").addEventListener("click", () => {
  const text = document.querySelector("#paste");
  text.select();
  document.execCommand("copy"); // navigator.clipboard is not there in a file
});
document.querySelector("#keep").addEventListener("click", () => save("comment.txt", field("comment")));
document.querySelector("#exclude").addEventListener("click", () => {
  const cell = (name) => `"${field(name).replaceAll('"', '""')}"`;
  const rows = document.querySelector("#exclusions").textContent;
  save("exclude.csv", `${rows}${["from", "to", "reason"].map(cell).join(",")}\n`);
});
