/** Makes a photo small, and nothing but a picture: what the camera wrote beside it (where, when, by what) does not pass
 * through a canvas. The county takes it off again. */
const SIDE_MAX = 1280;
const BYTES_MAX = 380_000;
const QUALITIES = [0.75, 0.6, 0.45, 0.3];

export interface Photo {
  bytes: ArrayBuffer;
  /** For the page: a data: URL, for the content policy allows no other. */
  shown: string;
}

/** Raises where the file is no picture that this browser draws. */
export async function smaller(file: Blob): Promise<Photo> {
  const whole = await asText(file);
  const picture = await drawn(whole);
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.naturalWidth, picture.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(picture.naturalHeight * scale));
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  for (const quality of QUALITIES) {
    const shown = canvas.toDataURL("image/jpeg", quality);
    const bytes = decoded(shown);
    if (bytes.byteLength <= BYTES_MAX) return { bytes, shown };
  }
  throw new Error("too large");
}

function asText(file: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

function drawn(url: string): Promise<HTMLImageElement> {
  return new Promise((done, failed) => {
    const picture = new Image();
    picture.onload = () => done(picture);
    picture.onerror = () => failed(new Error("no picture"));
    picture.src = url;
  });
}

function decoded(url: string): ArrayBuffer {
  const text = atob(url.slice(url.indexOf(",") + 1));
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n += 1) bytes[n] = text.charCodeAt(n);
  return bytes.buffer;
}
