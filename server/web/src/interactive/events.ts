import type { OpenDialogRequest } from '@mattermost/types/integrations';
import type { Handlers } from '../events';
import { receiveForm } from './press';

export const interactiveEvents: Handlers = {
  open_dialog({ data }) {
    receiveForm(JSON.parse(data.dialog as string) as OpenDialogRequest);
  },
};
