// Pressing a button of a post, and the forms that programs open in answer.
import { lazy } from 'preact/compat';
import { createElement } from 'preact';
import type { Post } from '@mattermost/types/posts';
import type { OpenDialogRequest } from '@mattermost/types/integrations';
import { api } from '../api/client';
import { dialog } from '../ui/Dialog';
import type { PostAction } from './attachment';
import { Triggers } from './triggers';

/** What a program asks a user to fill in, and the place where the user was. */
export interface OpenForm extends OpenDialogRequest {
  channelId: string;
}

const triggers = new Triggers<OpenDialogRequest>();
/** Where the last press or command of this tab happened: forms are answered there. */
let place = '';

// Few people meet a form: its code is loaded with the first one.
const InteractiveDialog = lazy(() => import('./InteractiveDialog'));

function show(form: OpenDialogRequest | undefined): void {
  if (!form) return;
  const open: OpenForm = { ...form, channelId: place };
  dialog.value = () => createElement(InteractiveDialog, { key: open.trigger_id, form: open });
}

/** The server answered a press or a command of this tab with this id; empty when no form can follow. */
export function expectForm(triggerId: string | undefined, channelId: string): void {
  place = channelId;
  show(triggers.ask(triggerId ?? ''));
}

/** A form came for one of the user's clients. */
export function receiveForm(form: OpenDialogRequest): void {
  show(triggers.arrive(form.trigger_id, form));
}

/** Presses a button, or chooses `selected` of a select. */
export async function press(post: Post, action: PostAction, selected = ''): Promise<void> {
  place = post.channel_id;
  const answer = await api.doPostActionWithCookie(post.id, action.id ?? '', action.cookie ?? '', selected);
  expectForm(answer.trigger_id, post.channel_id);
}
