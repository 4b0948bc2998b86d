// Two videos that play synchronously: the first sets the time, the second follows it.

// Least time between two jumps of the second video to the time of the first.
const MIN_JUMP_INTERVAL_MS = 500;
// Smaller differences are below the resolution of the browser's clocks.
const TOLERANCE_S = 0.002;
// Largest relative change of the second video's speed.
const MAX_RATE_CHANGE = 0.1;

const nextEvent = (video, name) =>
  new Promise((resolve) => video.addEventListener(name, resolve, { once: true }));

export class SynchronizedVideos {
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
    // A time at the boundary of two frames belongs to the later one.
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
    // The two videos may have stopped at different times: set both to the same frame.
    return this.seek(this.frame);
  }

  // Moves both videos to the middle of a frame, and goes on playing if they were. If this is called
  // again before they have arrived, only the newest frame counts.
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
          const done = nextEvent(video, "seeked");
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
      // This error only says that a pause or a seek has interrupted the start.
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
    if (Math.abs(ahead) > 1 / this.fps && now - this.corrected > MIN_JUMP_INTERVAL_MS) {
      this.corrected = now;
      follower.currentTime = leader.currentTime;
      return;
    }
    const change = Math.min(Math.max(4 * ahead, -MAX_RATE_CHANGE), MAX_RATE_CHANGE);
    const rate = this.rate * (Math.abs(ahead) < TOLERANCE_S ? 1 : 1 - change);
    if (Math.abs(follower.playbackRate - rate) > 0.002) follower.playbackRate = rate;
  }

  end() {
    this.playing = false;
    cancelAnimationFrame(this.timer);
    for (const video of this.videos) video.pause();
  }
}
