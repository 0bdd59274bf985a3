import type { FileInfo } from '@mattermost/types/files';
import type { Post } from '@mattermost/types/posts';
import { dialog, Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { fileSize } from '../ui/time';
import { downloadUrl, fileUrl, kindOf, previewUrl } from './urls';

/** Files of a post: pictures and players in place, everything else to download. */
export function Attachments({ post }: { post: Post }) {
  const files = post.metadata?.files ?? [];
  if (files.length === 0) return null;
  return (
    <div class="files">
      {files.map((file) => (
        <File key={file.id} file={file} />
      ))}
    </div>
  );
}

function File({ file }: { file: FileInfo }) {
  switch (kindOf(file)) {
    case 'image':
      return <Picture file={file} />;
    case 'video':
      return (
        <figure class="player">
          <video controls preload="metadata" src={fileUrl(file.id)} aria-label={file.name} />
          <Caption file={file} />
        </figure>
      );
    case 'audio':
      return (
        <figure class="player">
          <audio controls preload="metadata" src={fileUrl(file.id)} aria-label={file.name} />
          <Caption file={file} />
        </figure>
      );
    case 'other':
      return file.has_preview_image ? <Picture file={file} preview /> : <FileCard file={file} />;
  }
}

const MAX_WIDTH = 420;
const MAX_HEIGHT = 300;

/** A picture; `preview` when the file itself is none and the server drew one of it. */
function Picture({ file, preview = false }: { file: FileInfo; preview?: boolean }) {
  const scale = Math.min(1, MAX_WIDTH / (file.width || MAX_WIDTH), MAX_HEIGHT / (file.height || MAX_HEIGHT));
  // Known sizes keep the list from jumping when the picture arrives.
  const size = file.width && file.height ? { width: Math.round(file.width * scale), height: Math.round(file.height * scale) } : {};
  const open = () => {
    dialog.value = () => (
      <Dialog title={file.name} wide>
        <img class="big-picture" src={preview ? previewUrl(file.id) : fileUrl(file.id)} alt={file.name} />
        <Caption file={file} />
      </Dialog>
    );
  };
  return (
    <button type="button" class="picture" aria-label={`Open ${file.name}`} onClick={open}>
      <img {...size} src={file.has_preview_image ? previewUrl(file.id) : fileUrl(file.id)} alt={file.name} loading="lazy" />
    </button>
  );
}

export function Caption({ file }: { file: FileInfo }) {
  return (
    <figcaption class="caption">
      <span class="clip">{file.name}</span>
      <small>{fileSize(file.size)}</small>
      <a class="icon-button" href={downloadUrl(file.id)} download={file.name} aria-label={`Download ${file.name}`} title="Download">
        <Icon name="download" size={16} />
      </a>
    </figcaption>
  );
}

export function FileCard({ file }: { file: FileInfo }) {
  return (
    <a class="file-card" href={downloadUrl(file.id)} download={file.name} aria-label={`Download ${file.name}`}>
      <Icon name="file" size={26} />
      <span class="pick-text">
        <span class="clip">{file.name}</span>
        <small>
          {file.extension.toUpperCase()} · {fileSize(file.size)}
        </small>
      </span>
      <Icon name="download" />
    </a>
  );
}
