// Two videos as one player: the first sets the time, the second follows.

const RIGHT_AT_ONCE_MS = 500;
// Below this an error is smaller than what the browser's clocks can say.
const STILL_EXACT_S = 0.002;
const MOST_NUDGE = 0.1;

const happened = (video, name) =>
  new Promise((resolve) => video.addEventListener(name, resolve, { once: true }));

class Lockstep {
  // `onChange()` is called whenever `frame` or `playing` may have changed.
  constructor(videos, fps, onChange) {
    Object.assign(this, { videos, fps, onChange });
    Object.assign(this, { playing: false, loop: false, rate: 1, goal: null, seeking: false });
    this.corrected = 0;
  }

  get frames() {
    const shortest = Math.min(...this.videos.map((video) => video.duration));
    return Math.max(1, Math.round(shortest * this.fps));
  }

  get frame() {
    // A time on the border of two frames belongs to the later.
    const frame = Math.floor(this.videos[0].currentTime * this.fps + 1e-3);
    return this.goal ?? Math.min(frame, this.frames - 1);
  }

  async play() {
    if (this.playing) return;
    this.playing = true;
    await this.seek(this.frame >= this.frames - 1 ? 0 : this.frame);
  }

  pause() {
    this.playing = false;
    // The leader may have gone a little farther: rest both on the same frame.
    return this.seek(this.frame);
  }

  // Both to the middle of a frame; on from there if they are playing. While they are on their way
  // only the newest goal counts.
  async seek(frame) {
    this.goal = Math.min(Math.max(frame, 0), this.frames - 1);
    this.onChange();
    if (this.seeking) return;
    this.seeking = true;
    for (const video of this.videos) video.pause();
    for (let reached = null; reached !== this.goal; ) {
      reached = this.goal;
      const time = (reached + 0.5) / this.fps;
      await Promise.all(
        this.videos.map((video) => {
          const done = happened(video, "seeked");
          video.currentTime = time;
          return done;
        })
      );
    }
    this.seeking = false;
    this.goal = null;
    if (this.playing) await this.start();
    this.onChange();
  }

  async start() {
    this.setRate(this.rate);
    try {
      await Promise.all(this.videos.map((video) => video.play()));
    } catch (error) {
      // A pause or a seek that came meanwhile is no failure.
      if (error.name !== "AbortError") throw error;
    }
    cancelAnimationFrame(this.timer);
    this.timer = requestAnimationFrame(() => this.tick());
  }

  setRate(rate) {
    this.rate = rate;
    for (const video of this.videos) video.playbackRate = rate;
  }

  tick() {
    if (!this.playing || this.seeking) return;
    const [leader, follower] = this.videos;
    const last = (this.frames - 0.25) / this.fps;
    if (leader.ended || follower.ended || leader.currentTime >= last) {
      this.playing = this.loop;
      this.seek(this.loop ? 0 : this.frames - 1);
      return;
    }
    this.follow(leader, follower);
    this.onChange();
    this.timer = requestAnimationFrame(() => this.tick());
  }

  follow(leader, follower) {
    const ahead = follower.currentTime - leader.currentTime;
    const now = performance.now();
    if (Math.abs(ahead) > 1 / this.fps && now - this.corrected > RIGHT_AT_ONCE_MS) {
      this.corrected = now;
      follower.currentTime = leader.currentTime;
      return;
    }
    const nudge = Math.min(Math.max(4 * ahead, -MOST_NUDGE), MOST_NUDGE);
    const rate = this.rate * (Math.abs(ahead) < STILL_EXACT_S ? 1 : 1 - nudge);
    if (Math.abs(follower.playbackRate - rate) > 0.002) follower.playbackRate = rate;
  }

  end() {
    this.playing = false;
    cancelAnimationFrame(this.timer);
    for (const video of this.videos) video.pause();
  }
}
