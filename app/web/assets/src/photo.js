// Makes a photo small before it is sent; without it the server does the same, only later.
const LARGEST = 300 * 1024;
const TRIALS = [[1280, 0.8], [1280, 0.6], [1024, 0.5], [800, 0.4]];

async function shrunk(file) {
  const picture = await createImageBitmap(file);
  for (const [side, quality] of TRIALS) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob && blob.size <= LARGEST) return new File([blob], "photo.jpg", { type: "image/jpeg" });
  }
  return file;
}

document.addEventListener("change", async (event) => {
  const input = event.target;
  if (!input.matches("[data-photo]") || !input.files.length) return;
  input.form.querySelectorAll("button").forEach((one) => (one.disabled = true));
  try {
    const chosen = new DataTransfer();
    chosen.items.add(await shrunk(input.files[0]));
    input.files = chosen.files;
    input.dataset.bytes = input.files[0].size;
  } catch {
    // No picture this browser can read: the server says so.
  } finally {
    input.form.querySelectorAll("button").forEach((one) => (one.disabled = false));
  }
});
