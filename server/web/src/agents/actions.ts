// What an agent can do with a message or a thread.
import type { Post } from '@mattermost/types/posts';
import { plugin } from '../api/client';
import { loadChannel } from '../channels/load';
import { kindOfPost } from '../posts/kind';
import { goToPost } from '../posts/Permalink';
import { missing } from '../services/services';
import { channels } from '../store/channels';
import type { MenuItem } from '../ui/Menu';
import { attempt, say } from '../ui/states';
import { agents, AGENTS } from './load';

interface Answer {
  postid?: string;
  postID?: string;
  channelid?: string;
  channelId?: string;
}

/** Asks, then opens the answer, which is written in the direct channel with the agent. */
async function ask(path: string, body?: unknown): Promise<void> {
  const answer = await plugin<Answer | undefined>(AGENTS, path, 'post', body ?? {});
  const channelId = answer?.channelid ?? answer?.channelId;
  const postId = answer?.postid ?? answer?.postID;
  if (channelId && !channels.value[channelId]) await loadChannel(channelId);
  if (postId) await goToPost(postId);
  else say('The agent is working on it.');
}

const analyze = (rootId: string, kind: string) => () => void attempt(() => ask(`/post/${rootId}/analyze`, { analysis_type: kind }));

/** Menu entries for a post; none when the server has no agents. */
export function agentActions(post: Post): MenuItem[] {
  if (agents.value.length === 0) return [];
  const disabled = missing('llm');
  const rootId = post.root_id || post.id;
  const kind = kindOfPost(post);
  if (kind === 'custom_calls_recording' || kind === 'custom_calls_transcription') {
    return [{ label: 'Summarise call', icon: 'spark', disabled, run: () => void attempt(() => ask(`/post/${post.id}/summarize_transcription`)) }];
  }
  return [
    { label: 'Summarise thread', icon: 'spark', disabled, run: analyze(rootId, 'summarize_thread') },
    { label: 'Find action items', icon: 'spark', disabled, run: analyze(rootId, 'action_items') },
    { label: 'Find open questions', icon: 'spark', disabled, run: analyze(rootId, 'open_questions') },
  ];
}

export const stopAnswer = (postId: string) => attempt(() => plugin(AGENTS, `/post/${postId}/stop`, 'post', {}));
export const regenerate = (postId: string) => attempt(() => plugin(AGENTS, `/post/${postId}/regenerate`, 'post', {}));
