var F="../tumorxy.plotly/plotly.min.js",d=null;function w(){return d??=$().catch(n=>{throw d=null,n}),d}function $(){return new Promise((n,e)=>{let t=document.createElement("script");t.src=new URL(F,import.meta.url).href,t.onload=()=>n(window.Plotly),t.onerror=()=>{t.remove(),e(new Error("The drawing library did not arrive. Is the dashboard still running?"))},document.head.append(t)})}function g(n,e,t){let r=[],i="";for(let o of n.split(/\s+/).filter(Boolean)){let s=i===""?o:`${i} ${o}`;i!==""&&t(s)>e?(r.push(i),i=o):i=s}return i===""?r:[...r,i]}function u(n){return n.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g,"").replace(/&/g,"&amp;").replace(/</g,"&lt;").replace(/>/g,"&gt;").replace(/"/g,"&quot;")}var m="'DejaVu Sans', Verdana, sans-serif",a=24,p={size:17,line:24},h={size:10.5,line:15},L=520,R="#17212B",A="#4D5B69",C=2e4,B=32/3,y=3;async function x(n){let e=await w(),t=I(JSON.parse(n.figure)),r=n.width-2*a,i=t.layout.height??L,o={...t.layout,width:r,height:i,autosize:!1},s=await e.toImage({data:t.data,layout:o},{format:"svg",width:r,height:i,imageDataOnly:!0});return z(n,s,r,i)}function I(n){let e=n.data.map(t=>t.type==="scattergl"&&M(t.x)<=C?{...t,type:"scatter"}:t);return{...n,data:e}}function M(n){return Array.isArray(n)?n.length:Math.floor((n?.bdata?.length??0)/B)}function z(n,e,t,r){let i=g(n.title,t,v(`bold ${p.size}px ${m}`)),o=n.caption.flatMap(T=>g(T,t,v(`${h.size}px ${m}`))),s=a+i.length*p.line+6,f=s+r+14,l=f+o.length*h.line+a;return{svg:['<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"',` width="${n.width}" height="${l}" viewBox="0 0 ${n.width} ${l}"`,` font-family="${m}">`,`<title>${u(n.title)}</title><desc>${u(n.caption.join(`
`))}</desc>`,`<rect width="${n.width}" height="${l}" fill="#FFFFFF"/>`,b(i,a,p,`font-weight="bold" fill="${R}"`),U(e,a,s),b(o,f,h,`fill="${A}"`),"</svg>"].join(""),width:n.width,height:l}}function b(n,e,t,r){return n.map((i,o)=>{let s=e+o*t.line+t.size;return`<text x="${a}" y="${s}" font-size="${t.size}" ${r}>${u(i)}</text>`}).join("")}function U(n,e,t){let r=new DOMParser().parseFromString(n,"image/svg+xml").documentElement;return r.setAttribute("x",String(e)),r.setAttribute("y",String(t)),new XMLSerializer().serializeToString(r)}function v(n){let e=document.createElement("canvas").getContext("2d");return e===null?t=>7*t.length:(e.font=n,t=>e.measureText(t).width)}async function S(n){let e=new Image,t=URL.createObjectURL(new Blob([n.svg],{type:"image/svg+xml"}));try{e.src=t,await e.decode();let r=document.createElement("canvas");return r.width=y*n.width,r.height=y*n.height,r.getContext("2d")?.drawImage(e,0,0,r.width,r.height),await new Promise((i,o)=>r.toBlob(s=>s?i(s):o(new Error("The browser could not draw the picture."))))}finally{URL.revokeObjectURL(t)}}var P=`.row {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem;
}
button {
  min-width: 4.25rem;
  min-height: 2.5rem;
  padding: 0.25rem 0.75rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius);
  background: var(--st-background-color);
  color: var(--st-text-color);
  font: inherit;
  cursor: pointer;
}
button:hover:not([aria-disabled="true"]) {
  border-color: var(--st-primary-color);
  color: var(--st-link-color);
}
button:focus-visible {
  outline: 2px solid var(--st-primary-color);
  outline-offset: 2px;
}
button[aria-disabled="true"] {
  opacity: 0.55;
  cursor: default;
}
.told {
  min-height: 1.4em;
  margin: 0.4rem 0 0;
  font-size: 0.875em;
  line-height: 1.4;
}
`;var q=3e4,c=class{told;buttons=new Map;figure=null;send=()=>{};isBusy=!1;request=0;waiting=null;constructor(e){let t=document.createElement("style");t.textContent=P;let r=document.createElement("div");r.className="row";for(let i of["SVG","PNG","PDF","CSV"])r.append(this.button(i));this.told=document.createElement("p"),this.told.className="told",this.told.setAttribute("role","status"),e.append(t,r,this.told)}update(e,t){this.figure=e,this.send=t;let r=this.buttons.get("CSV");r&&(r.hidden=e.csv===null);let i=this.waiting;i!==null&&(e.pdf?.request===i.request?this.stopWaiting(this.save("pdf",N(e.pdf.content),"application/pdf")):e.problem?.request===i.request&&this.stopWaiting(e.problem.text))}button(e){let t=document.createElement("button");return t.type="button",t.textContent=e,t.setAttribute("aria-label",e==="CSV"?"Save the data as CSV":`Save as ${e}`),t.addEventListener("click",()=>{this.make(e)}),this.buttons.set(e,t),t}async make(e){if(!(this.figure===null||this.isBusy)){this.busy(!0),this.told.textContent=`Making the ${e} …`;try{this.told.textContent=await this.made(e,this.figure)}catch(t){this.told.textContent=t instanceof Error?t.message:String(t)}this.busy(this.waiting!==null)}}async made(e,t){if(e==="CSV")return this.save("csv",t.csv??"","text/csv;charset=utf-8");let r=await x(t);return e==="SVG"?this.save("svg",r.svg,"image/svg+xml"):e==="PNG"?this.save("png",await S(r),"image/png"):(this.wait(r.svg),"Making the PDF …")}wait(e){this.request+=1;let t=window.setTimeout(()=>this.stopWaiting("The PDF did not come. Is the dashboard still running? Try SVG."),q);this.waiting={request:this.request,timer:t},this.send({request:this.request,svg:e})}stopWaiting(e){this.waiting!==null&&window.clearTimeout(this.waiting.timer),this.waiting=null,this.told.textContent=e,this.busy(!1)}busy(e){this.isBusy=e;for(let t of this.buttons.values())t.setAttribute("aria-disabled",String(e))}save(e,t,r){let i=`${this.figure?.file??"tumorxy"}.${e}`,o=document.createElement("a");return o.href=URL.createObjectURL(new Blob([t],{type:r})),o.download=i,o.click(),window.setTimeout(()=>URL.revokeObjectURL(o.href),1e4),`Saved ${i}`}};function N(n){return Uint8Array.from(atob(n),e=>e.charCodeAt(0))}var E=new WeakMap,k=n=>{let{data:e,parentElement:t,setTriggerValue:r}=n,i=E.get(t);i===void 0&&(i=new c(t),E.set(t,i)),i.update(e,o=>r("pdf",o))},Q=k;export{Q as default};
