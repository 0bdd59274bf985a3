import { expect, it } from 'vitest';
import { blamed, fixedBy, patchOf, read } from './settings';

const config = { TeamSettings: { SiteName: 'Field', EnableOpenServer: true }, FileSettings: { MaxFileSize: 104857600 }, SqlSettings: { DataSource: 'x' } };

it('shows the settings that the server has, in units for people', () => {
  expect(read(config)).toEqual({ 'TeamSettings.SiteName': 'Field', 'TeamSettings.EnableOpenServer': true, 'FileSettings.MaxFileSize': 100 });
  expect(read({})).toEqual({});
});

it('sends only what was changed, in the units of the server', () => {
  const before = read(config);
  expect(patchOf(before, before)).toEqual({});
  expect(patchOf(before, { ...before, 'TeamSettings.EnableOpenServer': false, 'FileSettings.MaxFileSize': 20 })).toEqual({
    TeamSettings: { EnableOpenServer: false },
    FileSettings: { MaxFileSize: 20971520 },
  });
});

it('says why a setting cannot be changed', () => {
  expect(fixedBy({ TeamSettings: { SiteName: true } }, 'TeamSettings.SiteName')).toMatch(/file, the environment or a flag/);
  expect(fixedBy({ TeamSettings: { SiteName: 'environment' } }, 'TeamSettings.SiteName')).toMatch(/environment variable/);
  expect(fixedBy({ TeamSettings: { SiteName: false } }, 'TeamSettings.SiteName')).toBe('');
  expect(fixedBy({}, 'TeamSettings.SiteName')).toBe('');
});

it('puts a refusal beside the field that it names', () => {
  expect(blamed('Invalid PasswordSettings.MinimumLength: 5 to 72.')).toBe('PasswordSettings.MinimumLength');
  expect(blamed('MaxFileSize must be positive')).toBe('FileSettings.MaxFileSize');
  expect(blamed('The disk is full.')).toBe('');
});
