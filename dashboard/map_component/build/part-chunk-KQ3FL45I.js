var t=new Intl.NumberFormat("en-US");function n(r){return t.format(r)}function o(r){return`${n(r)} ${r===1?"tumor":"tumors"}`}export{n as a,o as b};
