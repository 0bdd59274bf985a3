import type { Handlers } from '../events';
import { patchPost } from '../store/posts';
import { advance, type Update } from './streaming';
import { streams } from './streams';

export const agentEvents: Handlers = {
  'custom_mattermost-ai_postupdate'({ data }) {
    const update = data as unknown as Update;
    if (!update.post_id) return;
    const next = advance(streams.value[update.post_id], update);
    streams.value = { ...streams.value, [update.post_id]: next };
    // The text stays when the stream is over, even if the stored post comes later.
    if (update.control === 'end' && next.text) patchPost(update.post_id, () => ({ message: next.text ?? '' }));
  },
};
