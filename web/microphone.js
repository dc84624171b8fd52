/** The microphone, and a sentence for everything that can be in its way. */

const SENTENCES = {
  NotAllowedError: "The microphone is not allowed here. Allow it in the browser's address bar, then try again.",
  NotFoundError: "No microphone was found. Plug one in, or take a clip or a file below.",
  NotReadableError: "Another program keeps the microphone to itself. Close it, then try again.",
  OverconstrainedError: "This microphone does not do what was asked of it. Try with the browser's processing on.",
};

/** What keeps a browser from listening at all, as a sentence; "" where nothing does. */
export function obstacle() {
  if (!globalThis.WebAssembly) return "This browser does not run WebAssembly, which the spotter is compiled to.";
  if (!navigator.mediaDevices?.getUserMedia)
    return "This browser gives the microphone to https pages and opened files alone. Clips and files below work here.";
  if (!globalThis.AudioWorkletNode)
    return "This browser has no AudioWorklet, so it cannot listen. Clips and files below work here.";
  return "";
}

/** The sentence for an error of `listen`. */
export const sentence = (error) => SENTENCES[error.name] ?? `The microphone did not start: ${error.message}`;

/**
 * Listens: `heard({samples, hops})` every 40 ms, `ended()` when the microphone goes away. `processed` leaves echo
 * cancellation, noise suppression and automatic gain to the browser. Returns {tell(message), stop()}.
 */
export async function listen({ worklet, core, processed, settings, heard, ended }) {
  const processing = { echoCancellation: processed, noiseSuppression: processed, autoGainControl: processed };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, ...processing } });
  const context = new AudioContext(); // at the microphone's rate: some browsers refuse another
  const release = () => {
    stream.getTracks().forEach((track) => track.stop());
    context.close();
  };
  try {
    // As a data address: of a page opened from disk, the audio thread can load neither a file nor a blob.
    await context.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(worklet)}`);
  } catch (error) {
    release();
    throw error;
  }
  const node = new AudioWorkletNode(context, "kws", { numberOfOutputs: 1, processorOptions: { core, ...settings } });
  node.port.onmessage = ({ data }) => heard(data);
  context.createMediaStreamSource(stream).connect(node).connect(context.destination); // silent: it writes no output
  stream.getTracks().forEach((track) => (track.onended = ended));
  await context.resume();
  return {
    tell: (message) => node.port.postMessage(message),
    stop() {
      node.port.postMessage({ stop: true });
      release();
    },
  };
}
