import type { FileInfo } from '@mattermost/types/files';
import { t } from '../locale/locale';
import { Icon } from '../ui/Icon';
import { fileSize } from '../ui/time';
import { thumbnailUrl } from './urls';
import type { Upload } from './upload';

interface Props {
  files: FileInfo[];
  running: Upload[];
  remove: (fileId: string) => void;
  cancel: (uploadId: string) => void;
}

/** Files that go with the message being written. */
export function UploadList({ files, running, remove, cancel }: Props) {
  if (files.length === 0 && running.length === 0) return null;
  return (
    <ul class="uploads" aria-label={t('composer.attached')}>
      {files.map((file) => (
        <li key={file.id} class="upload">
          {file.has_preview_image ? <img src={thumbnailUrl(file.id)} alt="" /> : <Icon name="file" />}
          <span class="clip">{file.name}</span>
          <button type="button" class="icon-button" aria-label={t('action.remove', { name: file.name })} onClick={() => remove(file.id)}>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      {running.map((upload) => (
        <li key={upload.id} class={upload.error ? 'upload failed' : 'upload'}>
          <Icon name={upload.error ? 'warning' : 'file'} />
          <span class="upload-text">
            <span class="clip">{upload.name}</span>
            {upload.error ? <small role="alert">{upload.error}</small> : <progress max={1} value={upload.progress} aria-label={t('composer.uploading', { name: upload.name, size: fileSize(upload.size) })} />}
          </span>
          <button type="button" class="icon-button" aria-label={t('composer.cancelUpload', { name: upload.name })} onClick={() => cancel(upload.id)}>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}
