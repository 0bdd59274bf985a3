import type { FileInfo } from '@mattermost/types/files';
import type { Post } from '@mattermost/types/posts';
import { useState } from 'preact/hooks';
import { errorText } from '../api/client';
import { FileCard } from '../files/Attachments';
import { fileUrl } from '../files/urls';
import { Markdown } from '../posts/Markdown';
import { ErrorNote } from '../ui/states';

/** A call's transcript: the file, and its text to read in place. */
export function TranscriptPost({ post }: { post: Post }) {
  return (
    <div class="post-text">
      <Markdown text={post.message} />
      {(post.metadata?.files ?? []).map((file) => (
        <div key={file.id} class="transcript">
          <FileCard file={file} />
          {/^text\//.test(file.mime_type) && <Text file={file} />}
        </div>
      ))}
    </div>
  );
}

const MAX_BYTES = 512 * 1024;

function Text({ file }: { file: FileInfo }) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState('');
  if (file.size > MAX_BYTES) return null;
  const load = () => {
    setError('');
    fetch(fileUrl(file.id), { signal: AbortSignal.timeout(30_000) })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
        setText(await answer.text());
      })
      .catch((cause: unknown) => setError(errorText(cause)));
  };
  return (
    <details class="transcript-text" onToggle={(event) => event.currentTarget.open && text === null && load()}>
      <summary>Read the transcript</summary>
      {error && <ErrorNote text={error} retry={load} />}
      {text !== null && <pre>{text}</pre>}
    </details>
  );
}
