declare module 'virtual:emoji-table' {
  /** [group, character, space-separated short names], in display order. */
  const rows: [number, string, string][];
  export default rows;
}
