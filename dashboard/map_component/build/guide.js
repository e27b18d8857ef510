function t(n,e={},...r){let o=document.createElement(n);return w(o,e),o.append(...r),o}function w(n,e){for(let[r,o]of Object.entries(e))o===!1?n.removeAttribute(r):n.setAttribute(r,o===!0?"":String(o))}var h=[["Move",[["Arrows","Move the map"],["+ and −","Enlarge, reduce"],["0","Whole map"],["P","Pan: drag to move"]]],["Select",[["L","Lasso: draw around tumors"],["B","Box: drag a box around tumors"],["S","Select the tumors in view"],["Shift, Alt","While selecting: add, remove"],["Esc","Cancel, clear the selection"]]],["Look closer",[["N","Point at the tumor in the middle"],[", and .","Previous, next tumor around it"],["Enter","Open the tumor pointed at"],["D","Lines of equal density"],["T","Names of regions"],["A","Show as table"],["?","This sheet"]]],["Legend",[["Space","Hide or show the entry"],["Shift+Enter","Show only this entry"]]]];function p(n,e){let r=e.flatMap(([o,s])=>[t("dt",{},t("kbd",{},o)),t("dd",{},s)]);return t("section",{},t("h3",{},n),t("dl",{},...r))}function g(n,e,r){if(n.querySelector("dialog.sheet"))return;let o=t("button",{type:"button",class:"close"},"Close"),s=t("button",{type:"button"},"Show the tour"),i=t("dialog",{class:"sheet","aria-labelledby":"tumorxy-help-title"},t("h2",{id:"tumorxy-help-title"},"Help"),t("p",{},e.notice),t("div",{class:"columns"},k(e),E(e)),t("div",{class:"row"},s,o));s.addEventListener("click",()=>{i.close(),r()}),o.addEventListener("click",()=>i.close()),i.addEventListener("click",a=>a.target===i&&i.close()),i.addEventListener("keydown",a=>a.stopPropagation()),i.addEventListener("close",()=>i.remove()),n.append(i),i.showModal(),o.focus()}function k(n){let e=t("dl",{class:"terms"}),r=t("input",{type:"search",placeholder:"Find a term","aria-label":"Find a term"}),o=t("p",{role:"status"}),s=()=>{let a=r.value.trim().toLowerCase(),d=n.terms.filter(u=>u.join(" ").toLowerCase().includes(a));e.replaceChildren(...d.flatMap(([u,x])=>[t("dt",{},u),t("dd",{},x)])),o.textContent=d.length>0?"":"No term has this in its name or meaning."};r.addEventListener("input",s),s();let i=t("div",{class:"scrolled",tabindex:"0",role:"region","aria-label":"What the terms mean"},e);return t("section",{},t("h3",{},"What the terms mean"),r,o,i)}function E(n){let e=[...n.keys,...h.map(([o,s])=>[`Map: ${o}`,s])],r=t("div",{class:"scrolled",tabindex:"0",role:"region","aria-label":"Keys"},...e.map(([o,s])=>p(o,s)));return t("section",{},t("h3",{},"Keys"),r)}var f=`:host {
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
`;var b="tumorxy-tour",l=6;function v(){try{return window.localStorage.getItem(b)!==null}catch{return!0}}function L(){try{window.localStorage.setItem(b,"done")}catch{}}var c=class{constructor(e,r){this.data=r;this.ring=t("div",{class:"ring",hidden:""}),this.card=t("section",{class:"tour",role:"dialog","aria-labelledby":"tumorxy-tour-title",hidden:""}),this.card.addEventListener("keydown",o=>this.key(o)),e.append(this.ring,this.card)}data;card;ring;at=0;frame=0;before=null;start(e){this.before=document.activeElement,this.at=0,this.show(),this.follow(),e.takeFocus&&this.focusNext()}stop(){L();let e=this.card.contains(this.card.getRootNode().activeElement);this.card.hidden=!0,this.ring.hidden=!0,cancelAnimationFrame(this.frame),e&&this.before instanceof HTMLElement&&this.before.focus()}key(e){if(e.key==="Escape")this.stop();else if(e.key==="ArrowRight"&&this.at+1<this.data.steps.length)this.go(1);else if(e.key==="ArrowLeft"&&this.at>0)this.go(-1);else return;e.preventDefault(),e.stopPropagation()}go(e){if(this.at+=e,this.at>=this.data.steps.length){this.stop();return}this.show(),this.focusNext()}focusNext(){this.card.querySelector("button.next")?.focus()}show(){let e=this.data.steps[this.at];if(e===void 0)return;let r=this.at+1===this.data.steps.length,o=this.button("Skip the tour",()=>this.stop()),s=this.button("Back",()=>this.go(-1));s.hidden=this.at===0,o.hidden=r;let i=this.button(r?"Done":"Next",()=>this.go(1));i.className="next",this.card.replaceChildren(t("p",{class:"count"},`Step ${this.at+1} of ${this.data.steps.length}`),t("h2",{id:"tumorxy-tour-title"},e.title),t("p",{"aria-live":"polite"},e.text),t("div",{class:"row"},i,s,o)),this.card.hidden=!1}button(e,r){let o=t("button",{type:"button"},e);return o.addEventListener("click",r),o}follow(){let e=this.data.steps[this.at];this.card.hidden||e===void 0||(this.place(e),this.frame=requestAnimationFrame(()=>this.follow()))}place(e){let r=document.querySelector(e.anchor)?.getBoundingClientRect();this.ring.hidden=r===void 0||r.width===0,r!==void 0&&(this.ring.style.left=`${r.left-l}px`,this.ring.style.top=`${r.top-l}px`,this.ring.style.width=`${r.width+2*l}px`,this.ring.style.height=`${r.height+2*l}px`)}};var T="input, textarea, select, [contenteditable=''], [contenteditable='true']";function y(n,e){let r=t("style",{},f),o=t("button",{type:"button",class:"open","aria-keyshortcuts":"?","aria-label":"Help, keys, terms"},"Help");n.append(r,o);let s=new c(n,e),i=()=>g(n,e,()=>s.start({takeFocus:!0}));o.addEventListener("click",i);let a=d=>{d.key!=="?"||d.defaultPrevented||M(d)||(d.preventDefault(),i())};return document.addEventListener("keydown",a),v()||s.start({takeFocus:!1}),()=>{document.removeEventListener("keydown",a),n.replaceChildren()}}function M(n){return n.composedPath().some(e=>e instanceof Element&&e.matches(T))}var m=new WeakMap,H=({data:n,parentElement:e})=>(m.has(e)||m.set(e,y(e,n)),()=>{m.get(e)?.(),m.delete(e)}),I=H;export{I as default};
