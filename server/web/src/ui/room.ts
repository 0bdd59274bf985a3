/** True when something `height` px tall does not fit under the element but fits better above it. */
export function opensAbove(element: Element | null, height: number): boolean {
  if (!element) return false;
  const { top, bottom } = element.getBoundingClientRect();
  const edge = element.closest('.post-list, .panel-scroll')?.getBoundingClientRect().bottom ?? innerHeight;
  return bottom + height + 24 > edge && top > edge - bottom;
}
