import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { Fetched } from '../ui/Fetched';
import { Field } from '../ui/Field';
import { Icon } from '../ui/Icon';
import { Pages, usePages } from '../ui/Pages';
import { Empty } from '../ui/states';
import { matches, readLine, type LogLine } from './log';

const LINES = 200;

/** The latest lines of the server's log, the newest first. */
export function LogSection() {
  const [words, setWords] = useState('');
  const [grave, setGrave] = useState('');
  const found = usePages<LogLine>(async (page, size) => (await api.getPlainLogs(page, size)).map(readLine).reverse(), '', LINES);
  return (
    <>
      <div class="tools">
        <div class="grow">
          <Field label="Find in these lines" type="search" value={words} onValue={setWords} />
        </div>
        <label class="field">
          <span>Show</span>
          <select value={grave} onChange={(event) => setGrave(event.currentTarget.value)}>
            <option value="">Everything</option>
            <option value="warn">Warnings and errors</option>
            <option value="error">Errors</option>
          </select>
        </label>
        <button type="button" class="button" onClick={found.reload}>
          <Icon name="again" size={16} /> Load again
        </button>
      </div>
      <Fetched of={found} what="the server's log" empty={<Empty title="No lines" />}>
        {(list) => {
          const shown = list.filter((line) => matches(line, words, grave));
          if (shown.length === 0) return <Empty title="No such lines">Nothing on this page of the log matches.</Empty>;
          return (
            <ul class="log-lines" aria-label="Log">
              {shown.map((line, at) => (
                <li key={at} class={`log-${line.level}`}>
                  {[line.time, line.level.toUpperCase(), line.text].filter(Boolean).join(' ')}
                </li>
              ))}
            </ul>
          );
        }}
      </Fetched>
      <Pages of={found} />
    </>
  );
}
