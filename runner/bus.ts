/** In-process events, for observation only. A listener that throws is logged and disturbs neither the job nor other listeners. */
import mitt from "mitt";
import type { Log, RunnerEvents } from "./deps.ts";

export type Bus = {
  on: <K extends keyof RunnerEvents>(name: K, listener: (event: RunnerEvents[K]) => void) => void;
  emit: <K extends keyof RunnerEvents>(name: K, event: RunnerEvents[K]) => void;
};

export const createBus = (log: Log): Bus => {
  const emitter = mitt<RunnerEvents>();
  return {
    on: (name, listener) =>
      emitter.on(name, (event) => {
        try {
          listener(event);
        } catch (error) {
          log("error", "listener_failed", { name, detail: String(error) });
        }
      }),
    emit: (name, event) => emitter.emit(name, event),
  };
};
