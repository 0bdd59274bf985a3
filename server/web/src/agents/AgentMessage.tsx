import type { Post } from '@mattermost/types/posts';
import { kindOfPost } from '../posts/kind';
import { Markdown } from '../posts/Markdown';
import { Attachments } from '../files/Attachments';
import { missing } from '../services/services';
import { myId } from '../store/session';
import { Icon } from '../ui/Icon';
import { regenerate, stopAnswer } from './actions';
import { isRunning } from './streaming';
import { streams } from './streams';

export const isAgentPost = (post: Post) => kindOfPost(post) === 'custom_llmbot';

/** An agent's answer, drawn while it is being written. */
export function AgentMessage({ post }: { post: Post }) {
  const stream = streams.value[post.id];
  const running = isRunning(stream);
  const text = running ? (stream?.text ?? '') : post.message || stream?.text || '';
  // Upstream keeps the asker on the post: only they may stop it or ask again.
  const mine = post.props?.llm_requester_user_id === myId.value;
  const canRegenerate = mine && !running && !post.props?.no_regen && text !== '';
  const away = missing('llm');
  return (
    <div class={running ? 'agent-message running' : 'agent-message'} aria-busy={running}>
      {text ? (
        <Markdown text={text} />
      ) : running ? (
        <p class="thinking" role="status">
          Thinking<span class="dots" aria-hidden="true" />
        </p>
      ) : (
        <p class="hint">{stream?.state === 'cancelled' ? 'Stopped before the first word.' : '…'}</p>
      )}
      {stream?.state === 'cancelled' && text && <small class="hint">Stopped.</small>}
      <Attachments post={post} />
      {mine && running && (
        <button type="button" class="button small" onClick={() => void stopAnswer(post.id)}>
          <Icon name="stop" size={14} filled /> Stop
        </button>
      )}
      {canRegenerate && (
        <button type="button" class="button small ghost" disabled={away !== ''} title={away} onClick={() => void regenerate(post.id)}>
          <Icon name="again" size={14} /> Regenerate
        </button>
      )}
    </div>
  );
}
