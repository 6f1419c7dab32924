// All that the example uses of Node, so that it needs no package of types.
declare const process: { argv: string[]; exit(code: number): never };
