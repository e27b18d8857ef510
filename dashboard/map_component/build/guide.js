function e(n,t={},...o){let r=document.createElement(n);return S(r,t),r.append(...o),r}function S(n,t){for(let[o,r]of Object.entries(t))r===!1?n.removeAttribute(o):n.setAttribute(o,r===!0?"":String(r))}var h="data-test-connection-state",p="data-tumorxy-stale",L="The dashboard does not answer, so what is shown may be out of date. It comes back here by itself, with the same view.";function g(n){let t=document.querySelector(`[${h}]`);if(t===null)return()=>{};let o=e("p",{class:"stale",role:"alert",hidden:!0});n.append(o);let r=()=>{let i=t.getAttribute(h)!=="CONNECTED";o.hidden=!i,o.textContent=i?L:"",document.documentElement.toggleAttribute(p,i)},s=new MutationObserver(r);return s.observe(t,{attributes:!0,attributeFilter:[h]}),r(),()=>{s.disconnect(),document.documentElement.removeAttribute(p)}}var f=[["Move",[["Arrows","Move the map"],["+ and −","Enlarge, reduce"],["0","Whole map"],["P","Pan: drag to move"]]],["Select",[["L","Lasso: draw around tumors"],["B","Box: drag a box around tumors"],["S","Select the tumors in view"],["Shift, Alt","While selecting: add, remove"],["Esc","Cancel, clear the selection"]]],["Look closer",[["N","Point at the tumor in the middle"],[", and .","Previous, next tumor around it"],["Enter","Open the tumor pointed at"],["D","Lines of equal density"],["T","Names of regions"],["A","Show as table"],["?","This sheet"]]],["Legend",[["Space","Hide or show the entry"],["Shift+Enter","Show only this entry"]]]];function b(n,t){let o=t.flatMap(([r,s])=>[e("dt",{},e("kbd",{},r)),e("dd",{},s)]);return e("section",{},e("h3",{},n),e("dl",{},...o))}function v(n,t,o){if(n.querySelector("dialog.sheet"))return;let r=e("button",{type:"button",class:"close"},"Close"),s=e("button",{type:"button"},"Show the tour"),i=e("dialog",{class:"sheet","aria-labelledby":"tumorxy-help-title"},e("h2",{id:"tumorxy-help-title"},"Help"),e("p",{},t.notice),e("div",{class:"columns"},T(t),M(t)),e("div",{class:"row"},s,r));s.addEventListener("click",()=>{i.close(),o()}),r.addEventListener("click",()=>i.close()),i.addEventListener("click",a=>a.target===i&&i.close()),i.addEventListener("keydown",a=>a.stopPropagation()),i.addEventListener("close",()=>i.remove()),n.append(i),i.showModal(),r.focus()}function T(n){let t=e("dl",{class:"terms"}),o=e("input",{type:"search",placeholder:"Find a term","aria-label":"Find a term"}),r=e("p",{role:"status"}),s=()=>{let a=o.value.trim().toLowerCase(),c=n.terms.filter(d=>d.join(" ").toLowerCase().includes(a));t.replaceChildren(...c.flatMap(([d,E])=>[e("dt",{},d),e("dd",{},E)])),r.textContent=c.length>0?"":"No term has this in its name or meaning."};o.addEventListener("input",s),s();let i=e("div",{class:"scrolled",tabindex:"0",role:"region","aria-label":"What the terms mean"},t);return e("section",{},e("h3",{},"What the terms mean"),o,r,i)}function M(n){let t=[...n.keys,...f.map(([r,s])=>[`Map: ${r}`,s])],o=e("div",{class:"scrolled",tabindex:"0",role:"region","aria-label":"Keys"},...t.map(([r,s])=>b(r,s)));return e("section",{},e("h3",{},"Keys"),o)}var y=`:host {
  font-size: 1rem;
}
button,
input {
  min-height: 2.25rem;
  padding: 0.25rem 0.75rem;
  border: 1px solid var(--st-widget-border-color, var(--st-border-color));
  border-radius: var(--st-button-radius);
  background: var(--st-background-color);
  color: var(--st-text-color);
  font: inherit;
}
button {
  cursor: pointer;
}
button:hover {
  border-color: var(--st-link-color);
  color: var(--st-link-color);
}
button:focus-visible,
input:focus-visible,
.scrolled:focus-visible {
  outline: 2px solid var(--st-link-color);
  outline-offset: 2px;
}
button.next {
  border-color: var(--st-primary-color);
  background: var(--st-primary-color);
  color: #ffffff;
}
[hidden] {
  display: none !important;
}
.open {
  position: fixed;
  z-index: 999991;
  top: 0.7rem;
  right: 3.6rem;
  border-color: transparent;
}
.row {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem;
  margin-top: 1rem;
}
.tour {
  position: fixed;
  z-index: 999992;
  right: 1.5rem;
  bottom: 1.5rem;
  box-sizing: border-box;
  width: min(26rem, calc(100vw - 3rem));
  padding: 1.1rem 1.25rem 1.25rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius);
  background: var(--st-background-color);
  color: var(--st-text-color);
  box-shadow: 0 0.5rem 2rem rgb(0 0 0 / 30%);
  line-height: 1.5;
}
.tour p {
  margin: 0;
}
.tour .count {
  font-size: 0.875rem;
}
h2 {
  margin: 0.15rem 0 0.5rem;
  font-size: 1.2rem;
  font-weight: 600;
}
h3 {
  margin: 1rem 0 0.5rem;
  font-size: 1rem;
  font-weight: 600;
}
.ring {
  position: fixed;
  z-index: 999991;
  border: 3px solid var(--st-link-color);
  border-radius: 0.5rem;
  pointer-events: none;
}
dialog {
  box-sizing: border-box;
  width: min(68rem, calc(100vw - 3rem));
  max-height: calc(100vh - 3rem);
  padding: 1.25rem 1.5rem 1.5rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius);
  background: var(--st-background-color);
  color: var(--st-text-color);
  line-height: 1.5;
}
dialog::backdrop {
  background: rgb(0 0 0 / 45%);
}
dialog p {
  margin: 0;
}
.columns {
  display: grid;
  grid-template-columns: 1.4fr 1fr;
  gap: 1.5rem;
}
.columns > section {
  min-width: 0;
}
.scrolled {
  height: calc(100vh - 20.5rem);
  margin-top: 0.5rem;
  padding-right: 0.5rem;
  overflow-y: auto;
}
section section h3 {
  margin: 1.1rem 0 0.4rem;
}
section section:first-child h3 {
  margin-top: 0;
}
input {
  box-sizing: border-box;
  width: 100%;
  background: var(--st-secondary-background-color);
}
dl {
  margin: 0;
}
.terms dt {
  font-weight: 600;
}
.terms dd {
  margin: 0 0 0.75rem;
}
section section dl {
  display: grid;
  grid-template-columns: max-content 1fr;
  gap: 0.3rem 0.75rem;
}
section section dd {
  margin: 0;
}
kbd {
  padding: 0.05rem 0.4rem;
  border: 1px solid var(--st-border-color);
  border-radius: 0.25rem;
  background: var(--st-secondary-background-color);
  font-family: var(--st-code-font);
  font-size: 0.875em;
}
.stale {
  position: fixed;
  z-index: 999993;
  top: 0.6rem;
  left: 50%;
  box-sizing: border-box;
  width: max-content;
  max-width: calc(100vw - 3rem);
  margin: 0;
  padding: 0.5rem 1rem;
  border: 1px solid var(--st-orange-text-color);
  border-radius: var(--st-base-radius);
  background: var(--st-background-color);
  color: var(--st-text-color);
  transform: translateX(-50%);
}
`;var x="tumorxy-tour",l=6;function w(){try{return window.localStorage.getItem(x)!==null}catch{return!0}}function N(){try{window.localStorage.setItem(x,"done")}catch{}}var m=class{constructor(t,o){this.data=o;this.ring=e("div",{class:"ring",hidden:""}),this.card=e("section",{class:"tour",role:"dialog","aria-labelledby":"tumorxy-tour-title",hidden:""}),this.card.addEventListener("keydown",r=>this.key(r)),t.append(this.ring,this.card)}data;card;ring;at=0;frame=0;before=null;start(t){this.before=document.activeElement,this.at=0,this.show(),this.follow(),t.takeFocus&&this.focusNext()}stop(){N();let t=this.card.contains(this.card.getRootNode().activeElement);this.card.hidden=!0,this.ring.hidden=!0,cancelAnimationFrame(this.frame),t&&this.before instanceof HTMLElement&&this.before.focus()}key(t){if(t.key==="Escape")this.stop();else if(t.key==="ArrowRight"&&this.at+1<this.data.steps.length)this.go(1);else if(t.key==="ArrowLeft"&&this.at>0)this.go(-1);else return;t.preventDefault(),t.stopPropagation()}go(t){if(this.at+=t,this.at>=this.data.steps.length){this.stop();return}this.show(),this.focusNext()}focusNext(){this.card.querySelector("button.next")?.focus()}show(){let t=this.data.steps[this.at];if(t===void 0)return;let o=this.at+1===this.data.steps.length,r=this.button("Skip the tour",()=>this.stop()),s=this.button("Back",()=>this.go(-1));s.hidden=this.at===0,r.hidden=o;let i=this.button(o?"Done":"Next",()=>this.go(1));i.className="next",this.card.replaceChildren(e("p",{class:"count"},`Step ${this.at+1} of ${this.data.steps.length}`),e("h2",{id:"tumorxy-tour-title"},t.title),e("p",{"aria-live":"polite"},t.text),e("div",{class:"row"},i,s,r)),this.card.hidden=!1}button(t,o){let r=e("button",{type:"button"},t);return r.addEventListener("click",o),r}follow(){let t=this.data.steps[this.at];this.card.hidden||t===void 0||(this.place(t),this.frame=requestAnimationFrame(()=>this.follow()))}place(t){let o=document.querySelector(t.anchor)?.getBoundingClientRect();this.ring.hidden=o===void 0||o.width===0,o!==void 0&&(this.ring.style.left=`${o.left-l}px`,this.ring.style.top=`${o.top-l}px`,this.ring.style.width=`${o.width+2*l}px`,this.ring.style.height=`${o.height+2*l}px`)}};var A="input, textarea, select, [contenteditable=''], [contenteditable='true']";function k(n,t){let o=e("style",{},y),r=e("button",{type:"button",class:"open","aria-keyshortcuts":"?","aria-label":"Help, keys, terms"},"Help");n.append(o,r);let s=new m(n,t),i=()=>v(n,t,()=>s.start({takeFocus:!0}));r.addEventListener("click",i);let a=d=>{d.key!=="?"||d.defaultPrevented||D(d)||(d.preventDefault(),i())};document.addEventListener("keydown",a);let c=g(n);return w()||s.start({takeFocus:!1}),()=>{document.removeEventListener("keydown",a),c(),n.replaceChildren()}}function D(n){return n.composedPath().some(t=>t instanceof Element&&t.matches(A))}var u=new WeakMap,G=({data:n,parentElement:t})=>(u.has(t)||u.set(t,k(t,n)),()=>{u.get(t)?.(),u.delete(t)}),Q=G;export{Q as default};
