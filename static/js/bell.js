/* A doorbell: a WebSocket that says only how far the server is, and polling while it is away. It may lose everything. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 15000;
const SIGN_IN = 4401;
const NO_ACCESS = 4403;

export class Bell {
  /**
   * path: "/ws/…". hear(message): each message, as an object. change(state): "open", "closed" or "refused".
   * poll(): called every `pollMs` (`hiddenPollMs` in a hidden tab) once the socket has been away for `graceMs`.
   */
  constructor(path, { hear, change, poll, graceMs, pollMs, hiddenPollMs }) {
    Object.assign(this, { path, hear, change, poll, graceMs, pollMs, hiddenPollMs });
    this.tries = 0;
    this.socket = null;
    this.retry = null;
    this.pollTimer = null;
    this.isRefused = false;
    this.pollCount = 0;
    addEventListener("online", () => this.wake());
    addEventListener("pagehide", () => this.socket?.close());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.wake();
      if (!this.isOpen) this.poll();
    });
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    clearTimeout(this.retry);
    if (this.isRefused || (this.socket && this.socket.readyState <= WebSocket.OPEN)) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.path}`);
    this.socket = socket;
    socket.addEventListener("open", () => this.opened());
    socket.addEventListener("message", (event) => this.received(event.data));
    socket.addEventListener("close", (event) => this.closed(socket, event.code));
    if (!this.pollTimer) this.startPolling();
  }

  /** Tell the server something, if it can hear. */
  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }

  opened() {
    this.tries = 0;
    this.pollCount = 0;
    clearTimeout(this.pollTimer);
    this.pollTimer = null;
    this.change("open");
  }

  received(text) {
    let message = null;
    try {
      message = JSON.parse(text);
    } catch {
      console.warn("bell: not JSON", text);
    }
    if (message) this.hear(message);
  }

  closed(socket, code) {
    if (socket !== this.socket || this.isRefused) return;
    if (code === SIGN_IN || code === NO_ACCESS) {
      this.refuse();
      return;
    }
    this.change("closed");
    if (!this.pollTimer) this.startPolling();
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.tries++) * (0.5 + Math.random() / 2);
    this.retry = setTimeout(() => this.open(), wait);
  }

  /** No access any more: stop asking. */
  refuse() {
    this.isRefused = true;
    clearTimeout(this.pollTimer);
    clearTimeout(this.retry);
    if (this.isOpen) this.socket.close();
    this.change("refused");
  }

  startPolling() {
    const round = () => {
      if (this.isOpen || this.isRefused) return;
      this.pollCount += 1;
      this.poll();
      this.pollTimer = setTimeout(round, document.hidden ? this.hiddenPollMs : this.pollMs);
    };
    this.pollTimer = setTimeout(round, this.graceMs);
  }

  /** Try at once: the network came back, or the reader did. */
  wake() {
    if (this.isOpen) return;
    this.tries = 0;
    this.open();
  }
}
