//! Whole calls through a node: participants are str0m clients on a simulated wire.

mod world;

use rtcd_sfu::{Command, SignalError};
use std::time::Duration;
use str0m::format::Codec;
use str0m::media::MediaKind;
use world::World;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn two_people_hear_each_other_and_mute_is_silence_without_a_gap() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.add_voice("anna");
    world.add_voice("ben");
    world.send("anna", "mic", 80);
    world.send("ben", "mic", 80);
    let heard = world.heard("ben", "voice_anna_");
    assert!(heard.len() > 60, "{}", heard.len());
    assert_eq!(heard[0].payload, b"mic");
    assert!(heard[0].sequence < 65_536);
    assert!(world.heard("anna", "voice_ben_").len() > 60);
    assert_eq!(world.client("ben").media[0].1, "voice");
    assert_eq!(world.client("ben").media[0].2, "anna");
    assert!(world.voices.contains(&("anna".into(), true)));

    world.node.command(world.now, "anna", Command::Mute).unwrap();
    world.send("anna", "mic", 20);
    let during = world.heard("ben", "voice_anna_");
    assert!(during.len() <= heard.len() + 1);
    assert!(world.voices.contains(&("anna".into(), false)));
    world.node.command(world.now, "anna", Command::Unmute).unwrap();
    world.send("anna", "mic", 20);
    let after = world.heard("ben", "voice_anna_");
    assert!(after.len() >= during.len() + 19);
    let gaps = after.windows(2).filter(|p| p[1].sequence != p[0].sequence + 1).count();
    assert_eq!(gaps, 0, "the numbers go on where they stopped");

    world.node.leave(world.now, "anna").unwrap();
    world.run(SECOND);
    assert_eq!(world.closed, [("anna".into(), None)]);
    assert_eq!(world.node.totals().tracks.len(), 1);
    world.node.leave(world.now, "ben").unwrap();
    assert_eq!(world.node.totals().calls, 0);
}

#[test]
fn sound_on_the_short_way_is_the_sound_that_was_sent() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.add_voice("anna");
    // Long enough for the roll-over of sequence numbers of the sender, and for str0m's turn between.
    world.client("anna").skip_to("mic", 65_400);
    world.send("anna", "mic", 300);
    let heard = world.heard("ben", "voice_anna_");
    assert!(heard.len() > 280, "{}", heard.len());
    assert!(heard.iter().all(|h| h.payload == b"mic"));
    assert_eq!(heard.windows(2).filter(|p| p[1].sequence != p[0].sequence + 1).count(), 0);
    let levels: Vec<_> = heard.iter().map(|h| h.level).collect();
    assert!(levels.windows(2).all(|p| p[0] != p[1]), "each packet has its own level: {levels:?}");
    assert!(levels.contains(&Some((-20, true))) && levels.contains(&Some((-70, true))));
    let totals = world.node.totals();
    assert!(totals.packets_short * 10 > totals.packets_out * 8, "{totals:?}");
}

#[test]
fn a_late_joiner_sees_the_screen_and_its_sender_is_asked_for_a_key_frame() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.node.command(world.now, "anna", Command::ScreenOn("desk".into())).unwrap();
    assert_eq!(world.node.command(world.now, "ben", Command::ScreenOn("other".into())), Err(SignalError::ScreenTaken));
    world.add_track("anna", "desk", MediaKind::Video);
    world.send("anna", "desk", 20);
    assert!(world.heard("ben", "screen_anna_").len() > 10);
    let asked = world.client("anna").keyframes_asked.len();
    assert!(asked >= 1);
    world.run(SECOND);

    world.join("carl");
    world.send("anna", "desk", 10);
    assert!(world.heard("carl", "screen_anna_").len() > 5);
    assert!(world.client("anna").keyframes_asked.len() > asked);
    let asked = world.client("anna").keyframes_asked.len();
    world.run(SECOND);
    world.ask_for_keyframe("carl", "screen_anna_");
    world.ask_for_keyframe("ben", "screen_anna_");
    world.run(SECOND / 2);
    assert_eq!(world.client("anna").keyframes_asked.len(), asked + 1, "one request a second");

    world.node.command(world.now, "anna", Command::ScreenOff).unwrap();
    world.send("anna", "desk", 5);
    assert!(world.client("ben").media.is_empty(), "the picture was taken back");
    assert_eq!(world.node.totals().tracks.len(), 0, "trailing packets make no new track");
    world.node.command(world.now, "ben", Command::ScreenOn("other".into())).unwrap();
}

#[test]
fn a_camera_that_is_named_after_its_first_packets_is_seen() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.add_track("anna", "camera", MediaKind::Video);
    world.send("anna", "camera", 10);
    assert!(world.client("ben").media.is_empty());
    world.node.command(world.now, "anna", Command::VideoOn("camera".into())).unwrap();
    world.send("anna", "camera", 20);
    assert!(world.heard("ben", "video_anna_").len() > 5);
}

#[test]
fn those_who_can_get_av1_and_the_others_vp8() {
    let mut world = World::new();
    world.join_with("anna", true);
    world.join_with("new", true);
    world.join_with("old", false);
    world.node.command(world.now, "anna", Command::ScreenOn("desk".into())).unwrap();
    world.add_coded_track("anna", "vp8", "desk", Codec::Vp8);
    world.add_coded_track("anna", "av1", "desk", Codec::Av1);
    for _ in 0..20 {
        world.send("anna", "vp8", 1);
        world.send("anna", "av1", 1);
    }
    let newest = |world: &mut World, session| world.heard(session, "screen_anna_").last().unwrap().payload.clone();
    assert_eq!(newest(&mut world, "old"), b"vp8");
    assert_eq!(newest(&mut world, "new"), b"av1");
    assert_eq!(world.client("new").media.len(), 1, "one picture each");
    assert_eq!(world.client("old").media.len(), 1);
}

#[test]
fn screen_sound_is_no_voice() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.node.command(world.now, "anna", Command::ScreenOn("desk".into())).unwrap();
    world.add_track("anna", "desk", MediaKind::Audio);
    world.add_voice("anna");
    world.send("anna", "desk", 10);
    world.send("anna", "mic", 10);
    assert!(world.heard("ben", "screen-audio_anna_").len() > 5);
    assert!(world.heard("ben", "voice_anna_").len() > 5);
    world.node.command(world.now, "anna", Command::ScreenOff).unwrap();
    world.send("anna", "desk", 5);
    let kinds: Vec<_> = world.node.totals().tracks.into_keys().map(|(_, kind, _)| kind.name()).collect();
    assert_eq!(kinds, ["voice"]);
}

#[test]
fn everything_that_waits_goes_into_one_offer() {
    let mut world = World::new();
    for name in ["a", "b", "c", "d"] {
        world.join(name);
        world.add_voice(name);
        world.send(name, "mic", 3);
    }
    world.join("late");
    world.run(SECOND);
    assert_eq!(world.client("late").offers, 1);
    assert_eq!(world.client("late").media.len(), 4);
}

#[test]
fn a_lost_offer_is_made_again_and_then_heard() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.client("ben").lose_offers = 1;
    world.add_voice("anna");
    world.send("anna", "mic", 20);
    assert!(world.heard("ben", "voice_anna_").is_empty());
    for _ in 0..11 {
        world.send("anna", "mic", 50);
    }
    assert!(world.heard("ben", "voice_anna_").len() > 10);
}

#[test]
fn a_participant_that_never_answers_is_closed() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.client("ben").lose_offers = 99;
    world.add_voice("anna");
    world.send("anna", "mic", 5);
    world.run(31 * SECOND);
    assert_eq!(world.closed[0].0, "ben");
    assert!(world.closed[0].1.as_deref().unwrap().contains("not answered"));
}

#[test]
fn our_offer_wins_over_one_that_crosses_it() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.client("ben").lose_offers = 1;
    world.add_voice("anna");
    world.send("anna", "mic", 2);
    let crossing = world.make_offer("ben", |api| {
        api.add_media(MediaKind::Audio, str0m::media::Direction::SendOnly, Some("mic".into()), None, None);
    });
    assert_eq!(world.node.offer(world.now, "ben", &crossing), Err(SignalError::Glare));
    world.run(3 * SECOND);
    // A crossing offer that comes late shows that ours was lost: it is made again at once.
    assert_eq!(world.node.offer(world.now, "ben", &crossing), Err(SignalError::Glare));
    world.run(SECOND);
    world.add_voice("ben");
    world.send("ben", "mic", 10);
    world.send("anna", "mic", 10);
    assert!(world.heard("anna", "voice_ben_").len() > 5);
    assert!(world.heard("ben", "voice_anna_").len() > 5);
}

#[test]
fn no_offer_is_made_to_the_holder_of_the_lock() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    assert!(world.node.lock(world.now, "ben").unwrap());
    assert!(!world.node.lock(world.now, "ben").unwrap());
    world.add_voice("anna");
    world.send("anna", "mic", 5);
    assert_eq!(world.client("ben").offers, 0);
    world.node.unlock(world.now, "ben").unwrap();
    world.run(SECOND);
    assert_eq!(world.client("ben").offers, 1);
}

#[test]
fn messages_of_the_data_channel_come_and_go() {
    let mut world = World::new();
    world.join("anna");
    world.say("anna", b"echo");
    world.run(SECOND);
    assert_eq!(world.client("anna").messages, [b"echo"]);
}

#[test]
fn descriptions_that_are_none_change_nothing() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.client("ben").lose_offers = 1;
    world.add_voice("anna");
    world.send("anna", "mic", 5);
    assert!(matches!(world.node.answer(world.now, "ben", "nonsense"), Err(SignalError::Sdp(_))));
    assert!(matches!(world.node.offer(world.now, "anna", "v=0\r\nnonsense"), Err(SignalError::Sdp(_))));
    assert_eq!(world.node.answer(world.now, "anna", "v=0"), Err(SignalError::NoOffer));
    assert!(world.closed.is_empty());
    world.run(11 * SECOND);
    world.send("anna", "mic", 10);
    assert!(world.heard("ben", "voice_anna_").len() > 5, "our offer was made again");
}

#[test]
fn a_session_without_an_offer_ends() {
    let mut world = World::new();
    let join =
        rtcd_sfu::Join { group: "g".into(), call: "c".into(), user: "u".into(), session: "s".into(), av1: false };
    world.node.join(world.now, join.clone()).unwrap();
    assert_eq!(world.node.join(world.now, join).unwrap_err().to_string(), "session s is in a call already");
    world.run(11 * SECOND);
    assert_eq!(world.closed[0].1.as_deref(), Some("no offer has come"));
}

#[test]
fn a_participant_that_falls_silent_is_closed() {
    let mut world = World::new();
    world.join("anna");
    world.join("ben");
    world.clients.remove("ben");
    world.run(60 * SECOND);
    assert_eq!(world.closed.len(), 1);
    assert_eq!(world.closed[0].0, "ben");
}
