import type { Handlers } from '../events';
import { loadGroups } from './groups';

const again = () => void loadGroups();

export const groupEvents: Handlers = { received_group: again, group_member_add: again, group_member_deleted: again };
