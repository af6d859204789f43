// What all plots are drawn with.

export const palette = ['#1f6f8b', '#c8553d', '#4c956c', '#7b5ea7', '#b8860b', '#555555', '#d16ba5', '#2b2d42'];

export const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export const label = (x: number, y: number, content: string, anchor: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${more}>${escape(content)}</text>`;

/** On a logarithmic axis d3 offers every digit of a decade: 1, 2 and 5 are enough. */
export const oneTwoFive = (text: string): boolean => /^0?\.?0*[125]0*[kM]?$/.test(text);

export const svgDocument = (width: number, height: number, content: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...content,
    '</svg>\n',
  ].join('\n');
