export * from './mesh';
export * from './policy';
export * from './record';
export * from './simulate';
export * from './steering';
