import { defineConfig } from "drizzle-kit";

/** For `drizzle-kit generate --config drizzle/config.ts`; migrations are applied by `mesh db migrate`, not by drizzle-kit. */
export default defineConfig({ dialect: "postgresql", schema: "./drizzle/schema/*.ts", out: "./drizzle/migrations" });
