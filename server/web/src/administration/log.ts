// Lines of the server's log: JSON objects or plain text, whichever the server writes.

export interface LogLine {
  /** error | warn | info | debug; empty when the line does not say. */
  level: string;
  time: string;
  text: string;
}

const text = (value: unknown) => (typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value));

export function readLine(line: string): LogLine {
  try {
    const { level, timestamp, time, ts, msg, message, fields, target, caller, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const inner = (fields ?? {}) as Record<string, unknown>;
    const said = text(msg ?? message ?? inner.message);
    const { message: _, ...more } = { ...inner, ...rest };
    const words = Object.entries(more).map(([name, value]) => `${name}=${text(value)}`);
    return { level: levelOf(text(level)), time: text(timestamp ?? time ?? ts), text: [said, ...words].filter(Boolean).join(' ') };
  } catch {
    const found = /\b(ERROR|WARN|INFO|DEBUG|TRACE)\b/.exec(line);
    return { level: levelOf(found?.[1] ?? ''), time: '', text: line.trimEnd() };
  }
}

function levelOf(level: string): string {
  const name = level.toLowerCase();
  return name === 'warning' ? 'warn' : name === 'critical' || name === 'fatal' ? 'error' : name;
}

/** Lines that hold the words and are at least as grave as wanted. */
export function matches(line: LogLine, words: string, grave: string): boolean {
  if (grave === 'error' && line.level !== 'error') return false;
  if (grave === 'warn' && line.level !== 'error' && line.level !== 'warn') return false;
  return `${line.time} ${line.text}`.toLowerCase().includes(words.trim().toLowerCase());
}
