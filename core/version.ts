/** Of the mesh: Worker, runner and command carry the same, so that one that was left behind is noticed. Equal to `package.json`'s. */
export const meshVersion = "0.1.0";
