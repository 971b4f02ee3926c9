import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` talks to a controller on this machine; WEIR_URL names another one.
const controller = process.env.WEIR_URL ?? 'http://127.0.0.1:8443';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    sourcemap: false,
    // The controller's content policy has no room for inlined scripts, and hashed files are cached for good.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': controller } },
  test: { environment: 'node', include: ['test/**/*.test.{ts,tsx}'] },
});
