// What can be checked of WCAG 2.2 AA by a script; returns the faults. (Runs as the body of a function.)
const faults = [];
// What a closed <details> holds has its place, and is not seen.
const seen = element => element.getClientRects().length > 0 && element.checkVisibility({ visibilityProperty: true });
const all = selector => [...document.querySelectorAll(selector)].filter(seen);
const name = element => element.outerHTML.slice(0, 120);

// 3.1.1, 2.4.2
if (!['it', 'en'].includes(document.documentElement.lang)) faults.push('no language');
if (!document.title.trim()) faults.push('no title');
// 1.3.1: one main heading, and no level left out
const levels = all('h1, h2, h3, h4').filter(heading => !heading.closest('[role=alert]')).map(h => Number(h.tagName[1]));
if (levels.filter(level => level === 1).length !== 1 || levels[0] !== 1) faults.push('headings ' + levels);
levels.forEach((level, n) => { if (n && level > levels[n - 1] + 1) faults.push('headings ' + levels); });
for (const landmark of ['header', 'main', 'footer']) if (all(landmark).length !== 1) faults.push('no ' + landmark);
// 4.1.2: ids are unique, and what is referred to is there
const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
if (new Set(ids).size !== ids.length) faults.push('ids ' + ids);
for (const element of document.querySelectorAll('[aria-describedby]'))
  for (const id of element.getAttribute('aria-describedby').split(' '))
    if (!document.getElementById(id)?.textContent.trim()) faults.push('described by nothing: ' + name(element));
// 1.3.5, 3.3.2
for (const input of all('input, select, textarea')) {
  if (input.labels.length !== 1 || !seen(input.labels[0])) faults.push('no label: ' + name(input));
  const typed = ['text', 'email', 'password', 'tel'].includes(input.type);
  if (typed && !input.autocomplete) faults.push('no autocomplete: ' + name(input));
}
for (const element of all('a, button, summary')) if (!element.innerText.trim()) faults.push('says nothing: ' + name(element));
// 1.4.10: nothing is wider than the window
if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the window: ' + document.documentElement.scrollWidth);
// 2.5.8: what is pressed is large enough, but for links within a sentence
for (const element of all('a, button, input, select, textarea, summary')) {
  const box = element.getBoundingClientRect();
  if (box.left >= 0 && !element.closest('p') && (box.width < 24 || box.height < 24)) faults.push('small: ' + name(element));
}
// 1.4.3, 1.4.11
const rgb = colour => colour.match(/[\d.]+/g).map(Number);
const light = colour => {
  const [r, g, b] = rgb(colour).map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
};
const contrast = (one, other) => (Math.max(light(one), light(other)) + .05) / (Math.min(light(one), light(other)) + .05);
const paper = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if ((rgb(colour)[3] ?? 1) === 1) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || !seen(element)) continue;
  const style = getComputedStyle(element), size = parseFloat(style.fontSize);
  const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
  const found = contrast(style.color, paper(element));
  if (found < least) faults.push(`contrast ${found.toFixed(2)}: ${name(element)}`);
}
for (const element of all('input, select, textarea, summary, .button.second, button.second')) {
  const found = contrast(getComputedStyle(element).borderTopColor, paper(element.parentElement));
  if (found < 3) faults.push(`edge ${found.toFixed(2)}: ${name(element)}`);
}
return faults;
