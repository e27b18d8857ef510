function r(n,t={},...e){let o=document.createElement(n);return T(o,t),o.append(...e),o}function T(n,t){for(let[e,o]of Object.entries(t))o===!1?n.removeAttribute(e):n.setAttribute(e,o===!0?"":String(o))}var p="data-test-connection-state",g="data-tumorxy-stale",M="The dashboard does not answer, so what is shown may be out of date. It comes back here by itself, with the same view.";function f(n){let t=document.querySelector(`[${p}]`);if(t===null)return()=>{};let e=r("p",{class:"stale",role:"alert",hidden:!0});n.append(e);let o=()=>{let i=t.getAttribute(p)!=="CONNECTED";e.hidden=!i,e.textContent=i?M:"",document.documentElement.toggleAttribute(g,i)},s=new MutationObserver(o);return s.observe(t,{attributes:!0,attributeFilter:[p]}),o(),()=>{s.disconnect(),document.documentElement.removeAttribute(g)}}function b(){let n=history.pushState.bind(history),t=null;return history.pushState=(e,o,s)=>{let i=new URL(location.href),a=new URL(s??"",i),d=t!==null&&performance.now()-t.at<3e3?t:null;a.pathname!==i.pathname?(d!==null&&N(d.from,i,a)&&history.replaceState(history.state,"",d.from),t=null):(d===null||!v(d.from,a))&&(t={from:i,at:performance.now()}),n(e,o,s)},()=>{history.pushState=n}}function N(n,t,e){return v(n,t)||t.search===e.search}function v(n,t){let e=[...n.searchParams].map(String),o=[...t.searchParams].map(String);return n.pathname===t.pathname&&o.length<e.length&&o.every(i=>e.includes(i))}var y=[["Move",[["Arrows","Move the map"],["+ and −","Enlarge, reduce"],["0","Whole map"],["P","Pan: drag to move"]]],["Select",[["L","Lasso: draw around tumors"],["B","Box: drag a box around tumors"],["S","Select the tumors in view"],["Shift, Alt","While selecting: add, remove"],["Esc","Cancel, clear the selection"]]],["Look closer",[["N","Point at the tumor in the middle"],[", and .","Previous, next tumor around it"],["Enter","Open the tumor pointed at"],["D","Lines of equal density"],["T","Names of regions"],["A","Show as table"],["?","This sheet"]]],["Legend",[["Space","Hide or show the entry"],["Shift+Enter","Show only this entry"]]]];function x(n,t){let e=t.flatMap(([o,s])=>[r("dt",{},r("kbd",{},o)),r("dd",{},s)]);return r("section",{},r("h3",{},n),r("dl",{},...e))}function w(n,t,e){if(n.querySelector("dialog.sheet"))return;let o=r("button",{type:"button",class:"close"},"Close"),s=r("button",{type:"button"},"Show the tour"),i=r("dialog",{class:"sheet","aria-labelledby":"tumorxy-help-title"},r("h2",{id:"tumorxy-help-title"},"Help"),r("p",{},t.notice),r("div",{class:"columns"},A(t),H(t)),r("div",{class:"row"},s,o));s.addEventListener("click",()=>{i.close(),e()}),o.addEventListener("click",()=>i.close()),i.addEventListener("click",a=>a.target===i&&i.close()),i.addEventListener("keydown",a=>a.stopPropagation()),i.addEventListener("close",()=>i.remove()),n.append(i),i.showModal(),o.focus()}function A(n){let t=r("dl",{class:"terms"}),e=r("input",{type:"search",placeholder:"Find a term","aria-label":"Find a term"}),o=r("p",{role:"status"}),s=()=>{let a=e.value.trim().toLowerCase(),d=n.terms.filter(c=>c.join(" ").toLowerCase().includes(a));t.replaceChildren(...d.flatMap(([c,l])=>[r("dt",{},c),r("dd",{},l)])),o.textContent=d.length>0?"":"No term has this in its name or meaning."};e.addEventListener("input",s),s();let i=r("div",{class:"scrolled",tabindex:"0",role:"region","aria-label":"What the terms mean"},t);return r("section",{},r("h3",{},"What the terms mean"),e,o,i)}function H(n){let t=[...n.keys,...y.map(([o,s])=>[`Map: ${o}`,s])],e=r("div",{class:"scrolled",tabindex:"0",role:"region","aria-label":"Keys"},...t.map(([o,s])=>x(o,s)));return r("section",{},r("h3",{},"Keys"),e)}var k=`:host {
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
`;var E="tumorxy-tour",m=6;function S(){try{return window.localStorage.getItem(E)!==null}catch{return!0}}function C(){try{window.localStorage.setItem(E,"done")}catch{}}var u=class{constructor(t,e){this.data=e;this.ring=r("div",{class:"ring",hidden:""}),this.card=r("section",{class:"tour",role:"dialog","aria-labelledby":"tumorxy-tour-title",hidden:""}),this.card.addEventListener("keydown",o=>this.key(o)),t.append(this.ring,this.card)}data;card;ring;at=0;frame=0;before=null;start(t){this.before=document.activeElement,this.at=0,this.show(),this.follow(),t.takeFocus&&this.focusNext()}stop(){C();let t=this.card.contains(this.card.getRootNode().activeElement);this.card.hidden=!0,this.ring.hidden=!0,cancelAnimationFrame(this.frame),t&&this.before instanceof HTMLElement&&this.before.focus()}key(t){if(t.key==="Escape")this.stop();else if(t.key==="ArrowRight"&&this.at+1<this.data.steps.length)this.go(1);else if(t.key==="ArrowLeft"&&this.at>0)this.go(-1);else return;t.preventDefault(),t.stopPropagation()}go(t){if(this.at+=t,this.at>=this.data.steps.length){this.stop();return}this.show(),this.focusNext()}focusNext(){this.card.querySelector("button.next")?.focus()}show(){let t=this.data.steps[this.at];if(t===void 0)return;let e=this.at+1===this.data.steps.length,o=this.button("Skip the tour",()=>this.stop()),s=this.button("Back",()=>this.go(-1));s.hidden=this.at===0,o.hidden=e;let i=this.button(e?"Done":"Next",()=>this.go(1));i.className="next",this.card.replaceChildren(r("p",{class:"count"},`Step ${this.at+1} of ${this.data.steps.length}`),r("h2",{id:"tumorxy-tour-title"},t.title),r("p",{"aria-live":"polite"},t.text),r("div",{class:"row"},i,s,o)),this.card.hidden=!1}button(t,e){let o=r("button",{type:"button"},t);return o.addEventListener("click",e),o}follow(){let t=this.data.steps[this.at];this.card.hidden||t===void 0||(this.place(t),this.frame=requestAnimationFrame(()=>this.follow()))}place(t){let e=document.querySelector(t.anchor)?.getBoundingClientRect();this.ring.hidden=e===void 0||e.width===0,e!==void 0&&(this.ring.style.left=`${e.left-m}px`,this.ring.style.top=`${e.top-m}px`,this.ring.style.width=`${e.width+2*m}px`,this.ring.style.height=`${e.height+2*m}px`)}};var P="input, textarea, select, [contenteditable=''], [contenteditable='true']";function L(n,t){let e=r("style",{},k),o=r("button",{type:"button",class:"open","aria-keyshortcuts":"?","aria-label":"Help, keys, terms"},"Help");n.append(e,o);let s=new u(n,t),i=()=>w(n,t,()=>s.start({takeFocus:!0}));o.addEventListener("click",i);let a=l=>{l.key!=="?"||l.defaultPrevented||D(l)||(l.preventDefault(),i())};document.addEventListener("keydown",a);let d=f(n),c=b();return S()||s.start({takeFocus:!1}),()=>{document.removeEventListener("keydown",a),d(),c(),n.replaceChildren()}}function D(n){return n.composedPath().some(t=>t instanceof Element&&t.matches(P))}var h=new WeakMap,G=({data:n,parentElement:t})=>(h.has(t)||h.set(t,L(t,n)),()=>{h.get(t)?.(),h.delete(t)}),ot=G;export{ot as default};
