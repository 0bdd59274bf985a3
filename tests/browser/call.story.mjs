// A call between three people: voices, a shared screen, captions, a recording with its transcript, a late guest.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './site.mjs';
import { errorRateInside, words } from './words.mjs';

const SPEECH = process.env.MUSTER_SPEECH_DIR;
const SHOTS = process.env.MUSTER_SHOTS;

/** Registers the steps of the call; `day` has the people, the site and the ways to ask the server. */
export function callSteps(day) {
  const { step, api, channelId } = day;

  step('two people hear each other, see who speaks and raise a hand', async () => {
    const { ana, bruno } = day;
    await until('the call service', () => ana.button('Start call').isEnabled());
    await ana.button('Start call').click();
    await ana.button('Leave call').waitFor();
    await joinCall(bruno);
    await unmute(ana);
    await until('sound from ana at bruno', () => heard(bruno), 30_000);
    await until('bruno to see that ana speaks', async () => /speaking/.test(await state(bruno, 'ana')), 30_000);
    await unmute(bruno);
    await until('sound from bruno at ana', () => heard(ana), 30_000);
    await bruno.button('Mute').click();
    await bruno.button('Unmute').waitFor();
    await until('ana to see that bruno is muted', async () => /, muted/.test(await state(ana, 'bruno')));
    await bruno.button('Raise hand').click();
    await until('the hand at ana', async () => /hand raised/.test(await state(ana, 'bruno')));
    await bruno.button('Lower hand').click();
  });

  step('a shared screen is seen, also by somebody who comes late', async () => {
    const { ana, bruno, carla } = day;
    await ana.button('Share screen').click();
    await until('the shared screen at bruno', () => screenSeen(bruno), 30_000);
    await joinCall(carla);
    await until('the shared screen at carla, who came late', () => screenSeen(carla), 30_000);
    await until('the voice of ana at carla', () => heard(carla), 30_000);
    await carla.shot('04-shared-screen');
  });

  step('a recording shows captions of what is said, survives kill -9 of the offloader and becomes a film, a transcript and a text', async () => {
    const { ana, bruno, site } = day;
    const KNOWN = readFileSync(join(SPEECH, 'two_cities.txt'), 'utf8');
    await ana.button('Start recording').click();
    await ana.button('Stop recording').waitFor({ timeout: 60_000 });
    const captions = bruno.page.getByRole('log', { name: 'Live captions' });
    const toggle = bruno.button('Captions');
    await toggle.waitFor();
    if ((await toggle.getAttribute('aria-pressed')) !== 'true') await toggle.click();
    const known = new Set(words(KNOWN));
    const shown = await until('captions with the words that are spoken', async () => {
      const text = (await captions.isVisible()) ? await captions.innerText() : '';
      return words(text).filter((w) => known.has(w)).length >= 4 ? text : '';
    }, 120_000, 300);
    console.log(`caption: ${shown.replace(/\s+/g, ' ')}`);
    await bruno.shot('05-captions');
    const offloader = (await site.status()).services.find((s) => s.name === 'offloader');
    process.kill(offloader.pid, 'SIGKILL');
    await until('the killed offloader to be back', async () => {
      const now = (await site.status()).services.find((s) => s.name === 'offloader');
      return now.phase === 'ready' && now.pid !== offloader.pid;
    });
    const before = await captions.innerText();
    await until('captions to go on', async () => (await captions.innerText()) !== before, 60_000);
    const began = Date.now();
    await until('enough speech for a word error rate', () => Date.now() - began > 20_000, 30_000, 1000);
    await ana.button('Stop recording').click();
    await ana.button('Make the call small').click();
    await ana.openThread('started a call');
    const film = ana.page.locator('video[src*="/api/v4/files/"]').first();
    await film.waitFor({ timeout: 120_000 });
    const played = await until('the recording to play', () => film.evaluate(async (video) => {
      video.muted = true;
      await video.play();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return video.currentTime > 0.5 && { seconds: video.duration, width: video.videoWidth };
    }), 60_000, 1000);
    assert.ok(played.width > 0, 'the film shows the shared screen');
    assert.ok(played.seconds > 15, `the film lasts ${played.seconds} s`);
    const source = await film.getAttribute('src');
    const bytes = await ana.page.evaluate(async (url) => [...new Uint8Array(await (await fetch(url)).arrayBuffer())], source);
    writeFileSync(join(SHOTS, 'recording.webm'), Buffer.from(bytes));
    const streams = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', join(SHOTS, 'recording.webm')]).toString();
    assert.match(streams, /audio/);
    assert.match(streams, /video/);
    const channel = await channelId(ana, 'ward-round');
    const transcript = await until('the transcript in the thread', async () => {
      const { posts } = await api(ana, 'GET', `/channels/${channel}/posts?per_page=60`);
      return Object.values(posts).find((p) => p.type === 'custom_calls_transcription' && p.file_ids?.length);
    }, 240_000, 1000);
    const text = await ana.page.evaluate(async (id) => (await fetch(`/api/v4/files/${id}`)).text(), transcript.file_ids[0]);
    writeFileSync(join(SHOTS, 'transcript.txt'), text);
    const recording = await until('the captions of the film', async () => {
      const { posts } = await api(ana, 'GET', `/channels/${channel}/posts?per_page=60`);
      return Object.values(posts).find((p) => p.type === 'custom_calls_recording' && p.props.captions?.length);
    });
    const vtt = await ana.page.evaluate(async (id) => (await fetch(`/api/v4/files/${id}`)).text(), recording.props.captions[0].file_id);
    assert.match(vtt, /^WEBVTT\s/);
    assert.match(vtt, /<v ana>/, 'the captions of the film name who spoke');
    const spoken = saidBy(text, 'ana');
    const { rate, words: count } = errorRateInside(`${KNOWN} ${KNOWN}`, spoken);
    console.log(`word error rate ${(rate * 100).toFixed(1)} % over ${count} words of ana`);
    assert.ok(count >= 15, `only ${count} words were transcribed: ${text}`);
    assert.ok(rate < 0.35, `word error rate ${rate}: ${text}`);
    await ana.shot('06-recording');
  });

  step('leaving and coming back works, and the call ends with the last one', async () => {
    const { ana, bruno, carla } = day;
    await bruno.button('Leave call').click();
    await joinCall(bruno);
    await until('the voice of ana after coming back', () => heard(bruno), 30_000);
    for (const person of [bruno, carla, ana]) await person.button('Leave call').click();
    await until('the call to end', async () => /call ended/i.test(await ana.messages().innerText()));
  });
}

async function joinCall(person) {
  await person.button('Join call').first().click();
  await person.button('Leave call').waitFor();
}

async function unmute(person) {
  await person.button('Unmute').click();
  await person.button('Mute').waitFor();
}

/** What the list of participants tells `person` about somebody: host, muted or speaking, hand. */
const state = async (person, name) => {
  const list = person.page.getByRole('list', { name: 'Participants' });
  return (await list.getByRole('listitem').filter({ hasText: name }).getAttribute('aria-label')) ?? '';
};

const screenSeen = (person) =>
  person.page.evaluate(() => [...document.querySelectorAll('video')].some((v) => v.srcObject && v.videoWidth > 0 && v.readyState >= 2));

/** Whether remote sound of some loudness is arriving at the elements that play it. */
const heard = (person) =>
  person.page.evaluate(async () => {
    for (const element of document.querySelectorAll('audio, video')) {
      const stream = element.srcObject;
      const track = stream?.getAudioTracks?.().find((t) => t.readyState === 'live' && !t.muted);
      if (!track || element.muted) continue;
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        analyser.getFloatTimeDomainData(samples);
        if (samples.some((s) => Math.abs(s) > 0.01)) {
          await context.close();
          return true;
        }
      }
      await context.close();
    }
    return false;
  });

/** What one speaker says in the readable transcript: blocks of a time line, the speaker's name and the text. */
function saidBy(transcript, name) {
  const blocks = transcript.trim().split(/\n\s*\n/).map((block) => block.split('\n'));
  return blocks.filter((lines) => lines[1]?.trim() === name).map((lines) => lines.slice(2).join(' ')).join(' ');
}
