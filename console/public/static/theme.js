// Runs before the first paint, so that a chosen theme does not flash the other one. The choice is kept by src/app/theme.ts.
const theme = localStorage.getItem("spillway:theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
