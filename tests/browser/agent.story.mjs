// The language model at work: an agent that answers in the channel, summaries, and posts read in two languages.
import { until } from './site.mjs';
import { words } from './words.mjs';

/** Registers the steps of agent and translation; `day` has the people, the site and the ways to ask the server. */
export function agentSteps(day) {
  const { step, api, channelId } = day;

  const answersIn = async (path) => {
    const { posts } = await api(day.ana, 'GET', path);
    return Object.values(posts).filter((p) => p.type === 'custom_llmbot' && words(p.message).length >= 3);
  };

  step('the agent answers while one watches, and summarises a thread and the call', async () => {
    const { ana } = day;
    const channel = await channelId(ana, 'ward-round');
    await ana.say('@muster what is a generator used for?');
    const [answer] = await until('an answer of the agent', async () => {
      const found = await answersIn(`/channels/${channel}/posts?per_page=60`);
      return found.length && found;
    }, 180_000, 500);
    await until('the answer to be complete', () => finished(ana, answer.id), 180_000, 500);
    console.log(`agent: ${(await api(ana, 'GET', `/posts/${answer.id}`)).message.slice(0, 200)}`);
    await ana.openThread('what is a generator used for');
    await ana.sayInThread('@muster summarise this thread');
    await until('the summary', async () => (await answersIn(`/posts/${answer.root_id}/thread`)).length >= 2, 180_000, 500);
    await ana.shot('07-agent');
    const call = Object.values((await api(ana, 'GET', `/channels/${channel}/posts?per_page=60`)).posts).find((p) => p.type === 'custom_calls');
    await ana.openThread('Call ended');
    await ana.sayInThread('@muster summarise the call');
    const [summary] = await until('the summary of the call', async () => {
      const found = await answersIn(`/posts/${call.id}/thread`);
      return found.length && (await finished(ana, found[0].id)) && found;
    }, 300_000, 500);
    console.log(`call summary: ${(await api(ana, 'GET', `/posts/${summary.id}`)).message.slice(0, 300)}`);
    await ana.shot('08-call-summary');
  });

  step('a Portuguese post is read in English and the other way round', async () => {
    const { ana, bruno } = day;
    await ana.button('Channel menu').click();
    await ana.page.getByRole('menuitemcheckbox', { name: 'Translate this channel' }).click();
    await ana.page.getByText('Translated', { exact: true }).first().waitFor();
    await api(bruno, 'POST', '/translation/user_preference', { language: 'pt' }, '/plugins/mattermost-channel-translations');
    await bruno.page.reload();
    await bruno.composer().waitFor();
    await bruno.composer().fill('Bom dia, o médico chega hoje à tarde com os medicamentos.');
    await bruno.composer().press('Enter');
    await until('the English text at ana', async () => /doctor/i.test(await ana.messages().innerText()), 60_000);
    await ana.say('The water truck arrives tomorrow morning.');
    await until('the Portuguese text at bruno', async () => /água|manhã/i.test(await bruno.messages().innerText()), 60_000);
    await ana.shot('09-translation-english');
    await bruno.shot('10-translation-portuguese');
    await ana.messages().getByRole('button', { name: /show original/i }).last().click();
    await ana.messages().getByText('o médico chega hoje').waitFor();
  });

  step('with the language model killed chat goes on, and the model comes back by itself', async () => {
    const { ana, bruno, site } = day;
    const before = (await site.status()).services.find((s) => s.name === 'llm');
    process.kill(before.pid, 'SIGKILL');
    await ana.say('Still talking without the model');
    await bruno.post('Still talking without the model').waitFor();
    await until('llm to be started again', async () => {
      const now = (await site.status()).services.find((s) => s.name === 'llm');
      return now.phase === 'ready' && now.pid !== before.pid;
    });
  });
}

/** The answer's text has stopped growing: no part of the page draws it as being written. */
const finished = async (person, id) => {
  const first = (await person.page.evaluate(async (url) => (await fetch(url)).json(), `/api/v4/posts/${id}`)).message;
  return first.length > 0 && (await person.page.locator('.agent-message[aria-busy=true]').count()) === 0;
};
