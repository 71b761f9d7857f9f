/** Style sheets that come with a chunk: the bundler makes files of them. */
declare module "*.css";
