// The few line icons of the client, drawn on a 24×24 grid.
const PATHS = {
  hash: 'M5 9h15M4 15h15M10 4 8 20M16 4l-2 16',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6 6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  down: 'M6 9l6 6 6-6',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4',
  users: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.5 3-6 6.500-6s6.500 2.500 6.500 6M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.500c2 .8 3.500 2.800 3.500 5.500',
  phone: 'M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z',
  hangup: 'M3 15c0-2 4-5 9-5s9 3 9 5v2.500l-5-1V14c-2.500-.7-5.500-.7-8 0v2.500l-5 1z',
  mic: 'M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zM6 11.500a6 6 0 0 0 12 0M12 17.500V21',
  micOff: 'M15 10V6a3 3 0 0 0-6-.5M9 9v3a3 3 0 0 0 4.500 2.600M6 11.500a6 6 0 0 0 9.500 4.900M18 11.500c0 .9-.2 1.700-.5 2.500M12 17.500V21M4 4l16 16',
  hand: 'M8 12V5.500a1.500 1.500 0 0 1 3 0V11M11 10.500v-6a1.500 1.500 0 0 1 3 0V11M14 11V6a1.500 1.500 0 0 1 3 0v8a7 7 0 0 1-7 7c-3 0-4.500-1.500-6-4.500L3 13.500c-.6-1.300 1.200-2.300 2.200-1.200L8 15',
  screen: 'M3 5h18v12H3zM8 21h8M12 17v4M12 14V8M9.500 10.500 12 8l2.500 2.500',
  record: 'M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14z',
  captions: 'M3 5h18v14H3zM10.500 10.500a2.200 2.200 0 1 0 0 3M17.500 10.500a2.200 2.200 0 1 0 0 3',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14.500c1.800 2.300 5.200 2.300 7 0M9 9.500h.01M15 9.500h.01',
  clip: 'M20 11l-8.500 8.500a5 5 0 0 1-7-7L13 4a3.500 3.500 0 0 1 5 5l-8.500 8.500a2 2 0 0 1-3-3L14 7',
  send: 'M4 12 20 4l-5 16-3.500-6.500z',
  reply: 'M5 5h14v10h-8l-4 4v-4H5z',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  trash: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700L12 6.300M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  download: 'M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14',
  spark: 'M12 3l1.800 5.700L19.500 10.500l-5.700 1.800L12 18l-1.800-5.700L4.500 10.500l5.700-1.800zM19 16v5M16.500 18.500h5',
  globe: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
  threads: 'M4 6h16M4 11h10M4 16h7M15 14l4 3.500-4 3.500',
  stop: 'M7 7h10v10H7z',
  again: 'M20 12a8 8 0 1 1-2.500-5.800M20 4v4.500h-4.500',
  crown: 'M4 18h16M4 15l-1-8 5 4 4-6 4 6 5-4-1 8z',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  exit: 'M14 4h5v16h-5M4 12h10M10.500 8 14 12l-3.500 4',
  check: 'M5 12.500 10 17 19 7',
  warning: 'M12 4 2.500 20h19zM12 10v4M12 17h.01',
  expand: 'M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7',
  flag: 'M6 21V4M6 5h12l-2.500 4 2.500 4H6',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.500l3.500 2',
  back: 'M14 6l-6 6 6 6',
} as const;

/** Those that point along the line. */
const DIRECTED = new Set<string>(['back', 'exit', 'reply', 'send', 'threads']);

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18, filled = false }: { name: IconName; size?: number; filled?: boolean }) {
  return (
    <svg
      class={DIRECTED.has(name) ? 'icon directed' : 'icon'}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      stroke-width={name === 'more' ? 2.6 : 1.8}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
