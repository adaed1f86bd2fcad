// What is wrong with a page as it is laid out now: a list of sentences. Run in the page by tests/page/browser.py.
(() => {
  const wrong = [];
  const name = e => (e.closest('figure, section, header, footer') || document.body).id + ' <' + e.tagName.toLowerCase() +
    '> "' + (e.textContent || '').trim().slice(0, 30) + '"';
  const shown = e => { const b = e.getBoundingClientRect(); return b.width > 0 && b.height > 0 ? b : null; };

  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width)
    wrong.push('the page is ' + document.documentElement.scrollWidth + ' px wide, on ' + width);
  for (const e of document.body.querySelectorAll('*')) {
    const b = e.closest('.scroll') ? null : shown(e);
    if (b && (b.right > width + 1 || b.left < -1))
      wrong.push(name(e) + ' reaches from ' + b.left.toFixed(0) + ' to ' + b.right.toFixed(0));
  }

  // Texts that lie on one another, labels of an axis that run into one, or outside of their card.
  for (const svg of document.querySelectorAll('svg.plot')) {
    const texts = [...svg.querySelectorAll('text')].map(e => [e, shown(e)]).filter(t => t[1]);
    const card = svg.closest('figure').getBoundingClientRect();
    texts.forEach(([e, b], i) => {
      if (b.left < card.left || b.right > card.right || b.bottom > card.bottom)
        wrong.push(name(e) + ' stands outside of its card');
      for (const [f, c] of texts.slice(i + 1))
        if (Math.min(b.right, c.right) - Math.max(b.left, c.left) > (e.classList.contains('x') ? -5 : 0.5) &&
            Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top) > 2)
          wrong.push(name(e) + ' lies on "' + f.textContent + '"');
    });
  }
  const blocks = [...document.querySelectorAll('h1, h2, h3, p, li, dt, dd, summary, svg.plot, svg.bar, svg.ruler')]
    .map(e => [e, shown(e)]).filter(t => t[1] && !t[0].closest('svg svg'));
  blocks.forEach(([e, b], i) => {
    for (const [f, c] of blocks.slice(i + 1))
      if (!e.contains(f) && !f.contains(e) && Math.min(b.right, c.right) - Math.max(b.left, c.left) > 1 &&
          Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top) > 1)
        wrong.push(name(e) + ' lies on ' + name(f));
  });

  // Contrast of what is drawn (WCAG 1.4.3 for texts, 1.4.11 for the rest), against the card it is drawn on.
  const rgb = text => (text.match(/[\d.]+/g) || []).map(Number);
  const linear = c => (c /= 255, c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4));
  const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const seen = new Set();
  const against = (e, property, least) => {
    const card = rgb(getComputedStyle(e.closest('figure') || document.querySelector('figure, section')).backgroundColor);
    const ratio = contrast(rgb(getComputedStyle(e)[property]), card);
    const what = (e.getAttribute('class') || e.tagName) + ' ' + property;
    if (ratio < least && !seen.has(what))
      wrong.push('contrast of ' + what + ' is ' + ratio.toFixed(2) + ', less than ' + least);
    seen.add(what);
  };
  document.querySelectorAll('svg.plot text').forEach(e => against(e, 'fill', 4.5));
  document.querySelectorAll('.mark, .paint, .fill.implicit, .fill.clear').forEach(e => against(e, 'fill', 3));
  document.querySelectorAll('.line').forEach(e => against(e, 'stroke', 3));
  document.querySelectorAll('.dot').forEach(e => against(e, 'stroke', 3));
  return wrong.slice(0, 12);
})()
