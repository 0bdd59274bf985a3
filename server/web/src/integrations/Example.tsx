import { useId } from 'preact/hooks';
import { copyText } from '../ui/copy';
import { say } from '../ui/states';

/** A command to be pasted into a terminal, with what it does. */
export function Example({ title, text }: { title: string; text: string }) {
  const id = useId();
  return (
    <div class="field" role="group" aria-labelledby={id}>
      <div class="row">
        <strong id={id} class="grow">
          {title}
        </strong>
        <button type="button" class="button small" aria-label={`Copy: ${title}`} onClick={() => void copyText(text).then((done) => say(done ? 'Copied.' : 'Select the text and copy it.'))}>
          Copy
        </button>
      </div>
      <pre class="code" tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}
