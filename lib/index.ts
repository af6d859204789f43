import './numpy/methods.js';

export * as numpy from './numpy/index.js';
export { grad, valueAndGrad } from './transform/grad.js';
export { hessian, hessianDiagonal, laplacian, valueGradHessian } from './transform/hessian.js';
export { jacfwd, jacrev } from './transform/jacobian.js';
export { hvp, jvp, linearize, vjp } from './transform/jvp.js';
export { vmap } from './transform/vmap.js';
