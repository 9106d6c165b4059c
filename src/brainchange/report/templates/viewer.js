(() => {
  const box = document.getElementById("brain-viewer");
  if (!box) return;
  const told = JSON.parse(box.dataset.slices);
  const [nx, ny, nz] = told.shape;
  const size = [nx, ny, nz];
  const load = (png) =>
    new Promise((done, failed) => {
      const image = new Image();
      image.onload = () => done(image);
      image.onerror = failed;
      image.src = `data:image/png;base64,${png}`;
    });
  const pixels = (image) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height).data;
  };
  const index = (x, y, z) =>
    4 * ((Math.floor(z / told.across) * ny + (ny - 1 - y)) * told.across * nx + (z % told.across) * nx + x);
  const millimetres = (axis, voxel) => Math.round(told.origin[axis] + told.voxel * voxel);
  const signed = (value) => (value < 0 ? `−${-value}` : `+${value}`);
  const colours = told.regions.map((r) => [1, 3, 5].map((at) => Number.parseInt(r.colour.slice(at, at + 2), 16)));

  Promise.all([load(told.underlay), load(told.labels)]).then((images) => {
    const [grey, numbers] = images.map(pixels);
    const number = (x, y, z) => numbers[index(x, y, z)] + 256 * numbers[index(x, y, z) + 1];
    const sums = told.regions.map(() => [0, 0, 0, 0]);
    for (let z = 0; z < nz; z++)
      for (let y = 0; y < ny; y++)
        for (let x = 0; x < nx; x++) {
          const found = number(x, y, z);
          if (found) [x, y, z, 1].forEach((v, at) => (sums[found - 1][at] += v));
        }
    const views = [
      { canvas: box.querySelector("[data-view=axial]"), across: 0, up: 1, through: 2 },
      { canvas: box.querySelector("[data-view=coronal]"), across: 0, up: 2, through: 1 },
      { canvas: box.querySelector("[data-view=sagittal]"), across: 1, up: 2, through: 0 },
    ];
    const sliders = [...box.querySelectorAll("input[type=range]")];
    const status = box.querySelector("[role=status]");
    const select = box.querySelector("select");
    const here = size.map((n) => Math.floor(n / 2));

    const paint = (view) => {
      const [width, height] = [size[view.across], size[view.up]];
      const context = view.canvas.getContext("2d");
      const picture = context.createImageData(width, height);
      const voxel = [...here];
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          voxel[view.across] = column;
          voxel[view.up] = height - 1 - row;
          const shade = grey[index(...voxel)];
          const colour = colours[number(...voxel) - 1];
          const at = 4 * (row * width + column);
          for (let c = 0; c < 3; c++) picture.data[at + c] = colour ? 0.45 * shade + 0.55 * colour[c] : shade;
          picture.data[at + 3] = 255;
        }
      context.putImageData(picture, 0, 0);
      context.fillStyle = "rgba(255, 255, 255, 0.55)";
      const [x, y] = [here[view.across], height - 1 - here[view.up]];
      context.fillRect(x, 0, 1, y - 2);
      context.fillRect(x, y + 3, 1, height);
      context.fillRect(0, y, x - 2, 1);
      context.fillRect(x + 3, y, width, 1);
    };
    const tell = () => {
      const region = told.regions[number(...here) - 1];
      const place = ["x", "y", "z"].map((name, axis) => `${name} ${signed(millimetres(axis, here[axis]))}`).join(", ");
      const covered = region && region.covered !== null ? `, usable in ${Math.round(100 * region.covered)} % of participants` : "";
      status.textContent = `${place} mm: ${region ? region.name + covered : "no region of the study"}`;
      select.value = region ? region.name : "";
    };
    const show = () => {
      sliders.forEach((slider, axis) => {
        slider.value = here[axis];
        slider.setAttribute("aria-valuetext", `${signed(millimetres(axis, here[axis]))} mm`);
      });
      views.forEach(paint);
      tell();
    };
    const move = (axis, value) => {
      here[axis] = Math.min(size[axis] - 1, Math.max(0, Math.round(value)));
    };

    for (const view of views) {
      [view.canvas.width, view.canvas.height] = [size[view.across], size[view.up]];
      const follow = (event) => {
        const frame = view.canvas.getBoundingClientRect();
        move(view.across, ((event.clientX - frame.left) / frame.width) * size[view.across] - 0.5);
        move(view.up, size[view.up] - 0.5 - ((event.clientY - frame.top) / frame.height) * size[view.up]);
        show();
      };
      view.canvas.addEventListener("pointerdown", (event) => {
        view.canvas.setPointerCapture(event.pointerId);
        follow(event);
      });
      view.canvas.addEventListener("pointermove", (event) => event.buttons && follow(event));
    }
    sliders.forEach((slider, axis) => {
      slider.max = size[axis] - 1;
      slider.addEventListener("input", () => {
        move(axis, Number(slider.value));
        show();
      });
    });
    told.regions.forEach((region, at) => {
      if (!sums[at][3]) return;
      const option = document.createElement("option");
      option.value = option.textContent = region.name;
      select.append(option);
    });
    const choose = (at) => {
      if (at < 0 || !sums[at][3]) return;
      [0, 1, 2].forEach((axis) => move(axis, sums[at][axis] / sums[at][3]));
      show();
      select.value = told.regions[at].name;
    };
    select.addEventListener("change", () => choose(told.regions.findIndex((r) => r.name === select.value)));
    box.hidden = false;
    show();
    choose(told.regions.findIndex((_, at) => sums[at][3]));
  });
})();
