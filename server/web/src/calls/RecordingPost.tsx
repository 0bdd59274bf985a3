import type { Post } from '@mattermost/types/posts';
import { Caption } from '../files/Attachments';
import { fileUrl } from '../files/urls';
import { Markdown } from '../posts/Markdown';
import { captionTracks } from './recording';

/** A call's recording with its captions. */
export function RecordingPost({ post }: { post: Post }) {
  const files = post.metadata?.files ?? [];
  const captions = captionTracks(post.props);
  return (
    <div class="post-text">
      <Markdown text={post.message} />
      {files.map((file) => (
        <figure key={file.id} class="player recording">
          {/* The tracks are part of the key: a player that is already there does not notice new ones. */}
          <video key={captions.map((track) => track.fileId).join()} controls preload="metadata" src={fileUrl(file.id)} aria-label="Call recording">
            {captions.map((track, at) => (
              <track key={track.fileId} kind="captions" src={fileUrl(track.fileId)} label={track.title} srcLang={track.language} default={at === 0} />
            ))}
          </video>
          <Caption file={file} />
        </figure>
      ))}
    </div>
  );
}
